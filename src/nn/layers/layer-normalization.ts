/**
 * Layer normalization (Ba, Kiros, Hinton 2016): normalizes the features of each sample to mean 0 and variance 1, then scales
 * them by gamma and shifts them by beta, which are trained. Training and inference are identical.
 */
import { boolean, checkCount, number } from '../../core/arguments.ts';
import { ShapeError } from '../../core/errors.ts';
import type { Key } from '../../core/random.ts';
import { formatShape, normalizeAxes, sameShape } from '../../core/shape.ts';
import type { Shape } from '../../core/shape.ts';
import type { Node } from '../../graph/node.ts';
import { cast } from '../../ops/elementwise/clip.ts';
import { layerNorm } from '../../ops/norm/layer-norm.ts';
import { axes } from '../arguments.ts';
import type { InitializerLike } from '../initializers/initializers.ts';
import { Layer } from '../layer.ts';
import type { LayerConfig, LayerOptions } from '../layer.ts';
import type { RegularizerLike } from '../regularizers.ts';
import { featuresOf, formatSample, onlyShape } from './check.ts';

/** Options of `layerNormalization`. */
export interface LayerNormalizationOptions extends LayerOptions {
  /** The axis or axes to normalize over; axis 0 is the batch axis, as in Keras. Default -1. */
  readonly axis?: number | readonly number[];
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
  readonly betaRegularizer?: RegularizerLike;
  readonly gammaRegularizer?: RegularizerLike;
}

/** The layer that `layerNormalization()` creates. */
export class LayerNormalization extends Layer {
  readonly kind = 'layerNormalization';
  override readonly supportsMasking = true;
  private readonly axis: number | readonly number[];
  private readonly epsilon: number;
  private readonly center: boolean;
  private readonly scale: boolean;

  constructor(options: LayerNormalizationOptions = {}) {
    super(
      options,
      'layerNormalization',
      { axis: axes, epsilon: number(0), center: boolean, scale: boolean },
      { weights: { gamma: { initializer: 'ones' }, beta: { initializer: 'zeros' } } },
    );
    const { axis = -1, epsilon = 1e-3, center = true, scale = true } = options;
    this.axis = Array.isArray(axis) ? [...(axis as readonly number[])] : axis;
    this.epsilon = epsilon;
    this.center = center;
    this.scale = scale;
  }

  override config(): LayerConfig {
    const { axis, epsilon, center, scale } = this;
    return { ...super.config(), axis, epsilon, center, scale };
  }

  outputShape(inputs: readonly Shape[]): Shape {
    const shape = onlyShape(this.label, inputs);
    this.sizesOf(shape);
    return shape;
  }

  protected override createWeights(inputs: readonly Shape[], key: Key): void {
    const sizes = this.sizesOf(onlyShape(this.label, inputs));
    if (this.scale) this.addWeight('gamma', sizes, key);
    if (this.center) this.addWeight('beta', sizes, key);
  }

  call(inputs: readonly Node[]): Node {
    const x = cast(inputs[0]!, 'float32');
    this.sizesOf(x.shape.slice(1));
    const [gamma, beta] = [this.weight('gamma'), this.weight('beta')];
    const { axis, epsilon } = this;
    return layerNorm(x, { axis, epsilon, ...(gamma && { scale: gamma }), ...(beta && { offset: beta }) });
  }

  /** The sizes of the normalized axes. Throws `ShapeError` if an axis does not exist or the sizes do not fit the weights. */
  private sizesOf(sample: Shape): Shape {
    featuresOf(this.label, sample);
    const axes = normalizeAxes(this.label, this.axis, sample.length + 1);
    if (axes[0] === 0) {
      throw new ShapeError(
        `${this.label}: axis ${JSON.stringify(this.axis)} of ${formatSample(sample)} is the batch axis: ` +
          `use 1 … ${sample.length}`,
      );
    }
    const sizes = axes.map((axis) => sample[axis - 1]!);
    const expected = (this.weight('gamma') ?? this.weight('beta'))?.shape ?? sizes;
    if (sameShape(sizes, expected)) return sizes;
    throw new ShapeError(
      `${this.label}: expects ${formatShape(expected)} along axis ${JSON.stringify(this.axis)}, got ${formatSample(sample)}`,
    );
  }
}

/**
 * Layer normalization: (x − mean) / √(variance + epsilon) · gamma + beta, with mean and variance of each sample over `axis`.
 * Preserves the shape.
 *
 * @throws ValueError for the batch axis, a negative epsilon, or an unknown initializer or regularizer
 * @example
 * sequential([dense({ units: 64, inputShape: [8] }), layerNormalization(), dense({ units: 1 })]);
 */
export function layerNormalization(options: LayerNormalizationOptions = {}): Layer {
  checkCount('layerNormalization', arguments, 'options');
  return new LayerNormalization(options);
}
