/**
 * Batch normalization (Ioffe, Szegedy 2015): every feature brought to mean 0 and variance 1 over the batch, then scaled by
 * gamma and shifted by beta, which are learned. After training the moving averages of mean and variance take their place.
 */
import { boolean, checkCount, number } from '../../core/arguments.ts';
import { ShapeError } from '../../core/errors.ts';
import type { Key } from '../../core/random.ts';
import { formatShape, normalizeAxis } from '../../core/shape.ts';
import type { Shape } from '../../core/shape.ts';
import type { Node, Variable } from '../../graph/node.ts';
import { add, mul } from '../../ops/elementwise/arithmetic.ts';
import { batchNorm, normalizeWith } from '../../ops/norm/batch-norm.ts';
import { cast } from '../../ops/elementwise/clip.ts';
import { transpose } from '../../ops/shape/transpose.ts';
import { axis, initializerLike, regularizerLike } from '../arguments.ts';
import { initializerFrom } from '../initializers/initializers.ts';
import type { Initializer, InitializerLike } from '../initializers/initializers.ts';
import { Layer } from '../layer.ts';
import type { CallContext, LayerConfig, LayerOptions, Mask } from '../layer.ts';
import { regularizerFrom } from '../regularizers.ts';
import type { Regularizer, RegularizerLike } from '../regularizers.ts';
import { featuresOf, formatSample, onlyShape } from './check.ts';
import { countedRows } from './counted-rows.ts';
import { saved } from './saved.ts';

export interface BatchNormalizationOptions extends LayerOptions {
  /** The axis of the features, counted with the batch axis, as in Keras; all others are averaged over. Default -1. */
  readonly axis?: number;
  /** What a step leaves of the moving averages, from 0 to 1. Default 0.99. */
  readonly momentum?: number;
  /** Added to the variance. Default 1e-3. */
  readonly epsilon?: number;
  /** Whether there is a beta. Default true. */
  readonly center?: boolean;
  /** Whether there is a gamma. Default true. */
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

/** Mean and variance: the moving averages, or a batch's own. */
interface Moments<T> {
  readonly mean: T;
  readonly variance: T;
}

export class BatchNormalization extends Layer {
  readonly kind = 'batchNormalization';
  override readonly supportsMasking = true;
  private readonly axis: number;
  private readonly momentum: number;
  private readonly epsilon: number;
  private readonly center: boolean;
  private readonly scale: boolean;
  private readonly initializers: Readonly<Record<'beta' | 'gamma' | 'movingMean' | 'movingVariance', Initializer>>;
  private readonly regularizers: { readonly beta: Regularizer | undefined; readonly gamma: Regularizer | undefined };
  private beta: Variable | undefined;
  private gamma: Variable | undefined;
  private moving: Moments<Variable> | undefined;

  constructor(options: BatchNormalizationOptions = {}) {
    super(options, 'batchNormalization', {
      axis,
      momentum: number(0, 1),
      epsilon: number(0),
      center: boolean,
      scale: boolean,
      betaInitializer: initializerLike,
      gammaInitializer: initializerLike,
      movingMeanInitializer: initializerLike,
      movingVarianceInitializer: initializerLike,
      betaRegularizer: regularizerLike,
      gammaRegularizer: regularizerLike,
    });
    this.axis = options.axis ?? -1;
    this.momentum = options.momentum ?? 0.99;
    this.epsilon = options.epsilon ?? 1e-3;
    this.center = options.center ?? true;
    this.scale = options.scale ?? true;
    this.initializers = {
      beta: initializerFrom(options.betaInitializer ?? 'zeros'),
      gamma: initializerFrom(options.gammaInitializer ?? 'ones'),
      movingMean: initializerFrom(options.movingMeanInitializer ?? 'zeros'),
      movingVariance: initializerFrom(options.movingVarianceInitializer ?? 'ones'),
    };
    const { betaRegularizer, gammaRegularizer } = options;
    this.regularizers = {
      beta: betaRegularizer && regularizerFrom(betaRegularizer),
      gamma: gammaRegularizer && regularizerFrom(gammaRegularizer),
    };
  }

  override config(): LayerConfig {
    const { beta, gamma, movingMean, movingVariance } = this.initializers;
    const regularizers = this.regularizers;
    return {
      ...super.config(),
      axis: this.axis,
      momentum: this.momentum,
      epsilon: this.epsilon,
      center: this.center,
      scale: this.scale,
      betaInitializer: saved(beta),
      gammaInitializer: saved(gamma),
      movingMeanInitializer: saved(movingMean),
      movingVarianceInitializer: saved(movingVariance),
      ...(regularizers.beta && { betaRegularizer: saved(regularizers.beta) }),
      ...(regularizers.gamma && { gammaRegularizer: saved(regularizers.gamma) }),
    };
  }

  outputShape(inputs: readonly Shape[]): Shape {
    const shape = onlyShape(this.label, inputs);
    this.axisOf(shape);
    return shape;
  }

  protected override createWeights(inputs: readonly Shape[], key: Key): void {
    const sample = onlyShape(this.label, inputs);
    const shape = [sample[this.axisOf(sample) - 1]!];
    const { beta, gamma, movingMean, movingVariance } = this.initializers;
    if (this.scale) this.gamma = this.addWeight('gamma', shape, gamma, key);
    if (this.center) this.beta = this.addWeight('beta', shape, beta, key);
    this.moving = {
      mean: this.addWeight('movingMean', shape, movingMean, key, 'state'),
      variance: this.addWeight('movingVariance', shape, movingVariance, key, 'state'),
    };
  }

  call(inputs: readonly Node[], context: CallContext, [mask]: readonly Mask[] = []): Node {
    const x = cast(inputs[0]!, 'float32');
    const axis = this.axisOf(x.shape.slice(1));
    const order = [...x.shape.keys()].filter((place) => place !== axis);
    order.push(axis);
    const y = this.normalize(transpose(x, order), context, mask && mask.shape.length <= axis ? mask : undefined);
    return transpose(
      y,
      order.map((_, place) => order.indexOf(place)),
    );
  }

  override penalties(): readonly Node[] {
    const { beta, gamma } = this.regularizers;
    return [
      ...(gamma && this.gamma ? [gamma.penalty(this.gamma)] : []),
      ...(beta && this.beta ? [beta.penalty(this.beta)] : []),
    ];
  }

  /** x with the features last; a mask of steps leaves out what only fills up a sequence. */
  private normalize(x: Node, { training, frozen = !this.trainable, update, rowMask }: CallContext, mask: Mask): Node {
    const moving = this.moving!;
    const [gamma, beta] = [this.gamma, this.beta];
    const options = { epsilon: this.epsilon, ...(gamma && { scale: gamma }), ...(beta && { offset: beta }) };
    if (!training || frozen) return normalizeWith(x, moving.mean, moving.variance, options);
    const weights = countedRows(x.shape.slice(0, -1), [rowMask, mask]);
    const { output, mean, variance } = batchNorm(x, { ...options, ...(weights && { weights }) });
    const momentum = this.momentum;
    const towards = (now: Node) => (value: Node) => add(mul(value, momentum), mul(now, 1 - momentum));
    update?.(moving.mean, towards(mean));
    update?.(moving.variance, towards(variance));
    return output;
  }

  /** The features' axis, counted with the batch axis. Throws `ShapeError` where it is none, or not that of the weights. */
  private axisOf(sample: Shape): number {
    featuresOf(this.label, sample);
    const axis = normalizeAxis(this.label, this.axis, sample.length + 1);
    if (axis === 0) {
      throw new ShapeError(
        `${this.label}: axis ${this.axis} of ${formatSample(sample)} is the batch axis: use 1 … ${sample.length}`,
      );
    }
    const expected = this.moving?.mean.shape ?? [sample[axis - 1]!];
    if (sample[axis - 1] === expected[0]) return axis;
    throw new ShapeError(
      `${this.label}: expects ${formatShape(expected)} along axis ${this.axis}, got ${formatSample(sample)}`,
    );
  }
}

/**
 * (x − mean) / √(variance + epsilon) · gamma + beta for each feature; keeps the shape. While training, mean and variance
 * (biased) are those of the batch, without steps that a mask leaves out; the
 * moving averages go a step towards them, moving · momentum + now · (1 − momentum). Evaluation, prediction and a frozen
 * layer use the moving averages. Called by hand with `training: true`, the layer uses the batch's own, and moves its averages
 * where the context has an `update`.
 *
 * @throws ValueError for the batch axis, a momentum outside [0, 1], a negative epsilon, or an unknown initializer or
 *   regularizer
 */
export function batchNormalization(options: BatchNormalizationOptions = {}): Layer {
  checkCount('batchNormalization', arguments, 'options');
  return new BatchNormalization(options);
}
