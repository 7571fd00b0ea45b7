/**
 * Layer normalization (Ba, Kiros, Hinton 2016): every sample by itself, its features brought to mean 0 and variance 1, then
 * scaled by gamma and shifted by beta, which are learned. The same while training and after.
 */
import { boolean, checkCount, number } from '../../core/arguments.ts';
import { ShapeError } from '../../core/errors.ts';
import type { Key } from '../../core/random.ts';
import { formatShape, normalizeAxes, sameShape } from '../../core/shape.ts';
import type { Shape } from '../../core/shape.ts';
import type { Node, Variable } from '../../graph/node.ts';
import { cast } from '../../ops/elementwise/clip.ts';
import { layerNorm } from '../../ops/norm/layer-norm.ts';
import { axes, initializerLike, regularizerLike } from '../arguments.ts';
import { initializerFrom, ones, zeros } from '../initializers/initializers.ts';
import type { Initializer, InitializerLike } from '../initializers/initializers.ts';
import { Layer } from '../layer.ts';
import type { LayerConfig, LayerOptions } from '../layer.ts';
import { regularizerFrom } from '../regularizers.ts';
import type { Regularizer, RegularizerLike } from '../regularizers.ts';
import { featuresOf, formatSample, onlyShape } from './check.ts';
import { saved } from './saved.ts';

export interface LayerNormalizationOptions extends LayerOptions {
  /** The axes that are normalized together, counted with the batch axis, as in Keras. Default -1. */
  readonly axis?: number | readonly number[];
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
  readonly betaRegularizer?: RegularizerLike;
  readonly gammaRegularizer?: RegularizerLike;
}

export class LayerNormalization extends Layer {
  readonly kind = 'layerNormalization';
  override readonly supportsMasking = true;
  private readonly axis: number | readonly number[];
  private readonly epsilon: number;
  private readonly center: boolean;
  private readonly scale: boolean;
  private readonly initializers: { readonly beta: Initializer; readonly gamma: Initializer };
  private readonly regularizers: { readonly beta: Regularizer | undefined; readonly gamma: Regularizer | undefined };
  private beta: Variable | undefined;
  private gamma: Variable | undefined;

  constructor(options: LayerNormalizationOptions = {}) {
    super(options, 'layerNormalization', {
      axis: axes,
      epsilon: number(0),
      center: boolean,
      scale: boolean,
      betaInitializer: initializerLike,
      gammaInitializer: initializerLike,
      betaRegularizer: regularizerLike,
      gammaRegularizer: regularizerLike,
    });
    const { axis = -1, epsilon = 1e-3, center = true, scale = true, betaRegularizer, gammaRegularizer } = options;
    this.axis = Array.isArray(axis) ? [...(axis as readonly number[])] : axis;
    this.epsilon = epsilon;
    this.center = center;
    this.scale = scale;
    this.initializers = {
      beta: options.betaInitializer === undefined ? zeros() : initializerFrom(options.betaInitializer),
      gamma: options.gammaInitializer === undefined ? ones() : initializerFrom(options.gammaInitializer),
    };
    this.regularizers = {
      beta: betaRegularizer && regularizerFrom(betaRegularizer),
      gamma: gammaRegularizer && regularizerFrom(gammaRegularizer),
    };
  }

  override config(): LayerConfig {
    const axis = this.axis;
    const epsilon = this.epsilon;
    const center = this.center;
    const scale = this.scale;
    const initializers = this.initializers;
    const regularizers = this.regularizers;
    return {
      ...super.config(),
      axis,
      epsilon,
      center,
      scale,
      betaInitializer: saved(initializers.beta),
      gammaInitializer: saved(initializers.gamma),
      ...(regularizers.beta && { betaRegularizer: saved(regularizers.beta) }),
      ...(regularizers.gamma && { gammaRegularizer: saved(regularizers.gamma) }),
    };
  }

  outputShape(inputs: readonly Shape[]): Shape {
    const shape = onlyShape(this.label, inputs);
    this.sizesOf(shape);
    return shape;
  }

  protected override createWeights(inputs: readonly Shape[], key: Key): void {
    const sizes = this.sizesOf(onlyShape(this.label, inputs));
    if (this.scale) this.gamma = this.addWeight('gamma', sizes, this.initializers.gamma, key);
    if (this.center) this.beta = this.addWeight('beta', sizes, this.initializers.beta, key);
  }

  call(inputs: readonly Node[]): Node {
    const x = cast(inputs[0]!, 'float32');
    this.sizesOf(x.shape.slice(1));
    const gamma = this.gamma;
    const beta = this.beta;
    const axis = this.axis;
    const epsilon = this.epsilon;
    return layerNorm(x, { axis, epsilon, ...(gamma && { scale: gamma }), ...(beta && { offset: beta }) });
  }

  override penalties(): readonly Node[] {
    const { beta, gamma } = this.regularizers;
    return [
      ...(gamma && this.gamma ? [gamma.penalty(this.gamma)] : []),
      ...(beta && this.beta ? [beta.penalty(this.beta)] : []),
    ];
  }

  /** The sizes of the normalized axes of a sample. Throws `ShapeError` where they are not axes of it, or not those of the weights. */
  private sizesOf(sample: Shape): Shape {
    featuresOf(this.label, sample);
    const axes = normalizeAxes(this.label, this.axis, sample.length + 1);
    if (axes[0] === 0) {
      throw new ShapeError(
        `${this.label}: axis ${JSON.stringify(this.axis)} of ${formatSample(sample)} is the batch axis: ` +
          `use 1 … ${sample.length}`,
      );
    }
    const sizes = axes.map((place) => sample[place - 1]!);
    const expected = (this.gamma ?? this.beta)?.shape ?? sizes;
    if (sameShape(sizes, expected)) return sizes;
    throw new ShapeError(
      `${this.label}: expects ${formatShape(expected)} along axis ${JSON.stringify(this.axis)}, got ${formatSample(sample)}`,
    );
  }
}

/**
 * (x − mean) / √(variance + epsilon) · gamma + beta for each sample, with mean and variance over `axis`; keeps the shape.
 *
 * @throws ValueError for the batch axis, a negative epsilon, or an unknown initializer or regularizer
 */
export function layerNormalization(options: LayerNormalizationOptions = {}): Layer {
  checkCount('layerNormalization', arguments, 'options');
  return new LayerNormalization(options);
}
