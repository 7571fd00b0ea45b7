/**
 * Batch normalization (Ioffe, Szegedy 2015): normalizes every feature to mean 0 and variance 1 over the batch, then scales it by
 * gamma and shifts it by beta, which are trained. Inference uses moving averages of the mean and variance instead.
 */
import { boolean, checkCount, number } from '../../core/arguments.ts';
import { ShapeError } from '../../core/errors.ts';
import type { Key } from '../../core/random.ts';
import { formatShape, normalizeAxis } from '../../core/shape.ts';
import type { Shape } from '../../core/shape.ts';
import type { Node } from '../../graph/node.ts';
import { add, mul } from '../../ops/elementwise/arithmetic.ts';
import { batchNorm, normalizeWith } from '../../ops/norm/batch-norm.ts';
import { cast } from '../../ops/elementwise/clip.ts';
import { transpose } from '../../ops/shape/transpose.ts';
import { axis } from '../arguments.ts';
import type { InitializerLike } from '../initializers/initializers.ts';
import type { WeightTable } from '../declared-weights.ts';
import { Layer } from '../layer.ts';
import type { CallContext, LayerConfig, LayerOptions, Mask } from '../layer.ts';
import type { RegularizerLike } from '../regularizers.ts';
import { featuresOf, formatSample, onlyShape } from './check.ts';
import { countedRows } from './counted-rows.ts';

/** Options of `batchNormalization`. */
export interface BatchNormalizationOptions extends LayerOptions {
  /** The feature axis; axis 0 is the batch axis, as in Keras. Statistics are computed over all other axes. Default -1. */
  readonly axis?: number;
  /** Decay rate of the moving averages, in [0, 1]. Default 0.99. */
  readonly momentum?: number;
  /** Added to the variance. Default 1e-3. */
  readonly epsilon?: number;
  /** Whether to add beta. Default true. */
  readonly center?: boolean;
  /** Whether to multiply by gamma. Default true. */
  readonly scale?: boolean;
  /** Default 'zeros'. */
  readonly betaInitializer?: InitializerLike;
  /** Default 'ones'. */
  readonly gammaInitializer?: InitializerLike;
  /** Default 'zeros'. */
  readonly movingMeanInitializer?: InitializerLike;
  /** Default 'ones'. */
  readonly movingVarianceInitializer?: InitializerLike;
  readonly betaRegularizer?: RegularizerLike;
  readonly gammaRegularizer?: RegularizerLike;
}

const weights: WeightTable = {
  gamma: { initializer: 'ones' },
  beta: { initializer: 'zeros' },
  movingMean: { initializer: 'zeros', role: 'state' },
  movingVariance: { initializer: 'ones', role: 'state' },
};

/** The layer that `batchNormalization()` creates. */
export class BatchNormalization extends Layer {
  readonly kind = 'batchNormalization';
  override readonly supportsMasking = true;
  private readonly axis: number;
  private readonly momentum: number;
  private readonly epsilon: number;
  private readonly center: boolean;
  private readonly scale: boolean;

  constructor(options: BatchNormalizationOptions = {}) {
    const types = { axis, momentum: number(0, 1), epsilon: number(0), center: boolean, scale: boolean };
    super(options, 'batchNormalization', types, { weights });
    this.axis = options.axis ?? -1;
    this.momentum = options.momentum ?? 0.99;
    this.epsilon = options.epsilon ?? 1e-3;
    this.center = options.center ?? true;
    this.scale = options.scale ?? true;
  }

  override config(): LayerConfig {
    const { axis, momentum, epsilon, center, scale } = this;
    return { ...super.config(), axis, momentum, epsilon, center, scale };
  }

  outputShape(inputs: readonly Shape[]): Shape {
    const shape = onlyShape(this.label, inputs);
    this.axisOf(shape);
    return shape;
  }

  protected override createWeights(inputs: readonly Shape[], key: Key): void {
    const sample = onlyShape(this.label, inputs);
    const shape = [sample[this.axisOf(sample) - 1]!];
    if (this.scale) this.addWeight('gamma', shape, key);
    if (this.center) this.addWeight('beta', shape, key);
    this.addWeight('movingMean', shape, key);
    this.addWeight('movingVariance', shape, key);
  }

  call(inputs: readonly Node[], context: CallContext, [mask]: readonly Mask[] = []): Node {
    const x = cast(inputs[0]!, 'float32');
    const axis = this.axisOf(x.shape.slice(1));
    const order = [...x.shape.keys()].filter((other) => other !== axis);
    order.push(axis);
    const y = this.normalize(transpose(x, order), context, mask && mask.shape.length <= axis ? mask : undefined);
    return transpose(
      y,
      order.map((_, index) => order.indexOf(index)),
    );
  }

  /** Normalizes x, whose last axis is the feature axis. Masked steps are excluded from the statistics. */
  private normalize(x: Node, { training, frozen = !this.trainable, update, rowMask }: CallContext, mask: Mask): Node {
    const [gamma, beta] = [this.weight('gamma'), this.weight('beta')];
    const [movingMean, movingVariance] = [this.weight('movingMean')!, this.weight('movingVariance')!];
    const options = { epsilon: this.epsilon, ...(gamma && { scale: gamma }), ...(beta && { offset: beta }) };
    if (!training || frozen) return normalizeWith(x, movingMean, movingVariance, options);
    const weights = countedRows(x.shape.slice(0, -1), [rowMask, mask]);
    const { output, mean, variance } = batchNorm(x, { ...options, ...(weights && { weights }) });
    const momentum = this.momentum;
    const movingAverage = (current: Node) => (value: Node) => add(mul(value, momentum), mul(current, 1 - momentum));
    update?.(movingMean, movingAverage(mean));
    update?.(movingVariance, movingAverage(variance));
    return output;
  }

  /** The feature axis, counted with the batch axis. Throws `ShapeError` if it does not exist or does not fit the weights. */
  private axisOf(sample: Shape): number {
    featuresOf(this.label, sample);
    const axis = normalizeAxis(this.label, this.axis, sample.length + 1);
    if (axis === 0) {
      throw new ShapeError(
        `${this.label}: axis ${this.axis} of ${formatSample(sample)} is the batch axis: use 1 … ${sample.length}`,
      );
    }
    const expected = this.weight('movingMean')?.shape ?? [sample[axis - 1]!];
    if (sample[axis - 1] === expected[0]) return axis;
    throw new ShapeError(
      `${this.label}: expects ${formatShape(expected)} along axis ${this.axis}, got ${formatSample(sample)}`,
    );
  }
}

/**
 * Batch normalization: (x − mean) / √(variance + epsilon) · gamma + beta for each feature. Preserves the shape.
 *
 * In training, mean and (biased) variance are those of the batch, without masked steps. Each step updates the moving averages:
 * moving · momentum + current · (1 − momentum). Evaluation, prediction and frozen layers use the moving averages. If
 * `call` is used directly with `training: true`, the layer uses the batch statistics, and updates its averages only if the
 * context has an `update`.
 *
 * @throws ValueError for a momentum outside [0, 1], a negative epsilon, or an unknown initializer or regularizer; ShapeError
 *   when the layer is applied, if `axis` is the batch axis
 * @example
 * sequential([dense({ units: 64, inputShape: [8] }), batchNormalization(), activation({ activation: 'relu' })]);
 */
export function batchNormalization(options: BatchNormalizationOptions = {}): Layer {
  checkCount('batchNormalization', arguments, 'options');
  return new BatchNormalization(options);
}
