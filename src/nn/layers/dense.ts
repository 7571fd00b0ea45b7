/** The fully connected layer: activation(x · kernel + bias) over the last axis of x. */
import { boolean, checkCount, integer, required } from '../../core/arguments.ts';
import { ShapeError } from '../../core/errors.ts';
import type { Key } from '../../core/random.ts';
import { sizeOf } from '../../core/shape.ts';
import type { Shape } from '../../core/shape.ts';
import type { Node, Variable } from '../../graph/node.ts';
import { add } from '../../ops/elementwise/arithmetic.ts';
import { cast } from '../../ops/elementwise/clip.ts';
import { matmul } from '../../ops/product/matmul.ts';
import { reshape } from '../../ops/shape/reshape.ts';
import { activationFrom, activationName } from '../activations.ts';
import type { Activation, ActivationLike } from '../activations.ts';
import { activationLike } from '../arguments.ts';
import type { InitializerLike } from '../initializers/initializers.ts';
import { Layer } from '../layer.ts';
import type { LayerConfig, LayerOptions } from '../layer.ts';
import type { RegularizerLike } from '../regularizers.ts';
import { featuresOf, formatSample, onlyShape } from './check.ts';

/** Options of `dense`. */
export interface DenseOptions extends LayerOptions {
  /** Number of output features: an integer ≥ 1. */
  readonly units: number;
  /** Default 'linear'. */
  readonly activation?: ActivationLike;
  /** Default true. */
  readonly useBias?: boolean;
  /** Default 'glorotUniform'. */
  readonly kernelInitializer?: InitializerLike;
  /** Default 'zeros'. */
  readonly biasInitializer?: InitializerLike;
  readonly kernelRegularizer?: RegularizerLike;
  readonly biasRegularizer?: RegularizerLike;
}

/** The layer that `dense()` creates. */
export class Dense extends Layer {
  readonly kind = 'dense';
  override readonly supportsMasking = true;
  private readonly units: number;
  private readonly activation: Activation;
  private readonly useBias: boolean;

  constructor(options: DenseOptions) {
    super(
      options,
      'dense',
      { units: required(integer(1)), activation: activationLike, useBias: boolean },
      { weights: { kernel: { initializer: 'glorotUniform' }, bias: { initializer: 'zeros' } } },
    );
    const { units, activation, useBias = true } = options;
    this.units = units;
    this.activation = activationFrom(activation);
    this.useBias = useBias;
  }

  override config(): LayerConfig {
    const { units, activation, useBias } = this;
    return { ...super.config(), units, activation: activationName(activation), useBias };
  }

  outputShape(inputs: readonly Shape[]): Shape {
    const shape = onlyShape(this.label, inputs);
    this.checkFeatures(shape);
    return [...shape.slice(0, -1), this.units];
  }

  protected override createWeights(inputs: readonly Shape[], key: Key): void {
    const features = featuresOf(this.label, onlyShape(this.label, inputs));
    this.addWeight('kernel', [features, this.units], key);
    if (this.useBias) this.addWeight('bias', [this.units], key);
  }

  call(inputs: readonly Node[]): Node {
    const [kernel, bias] = this.weights as [Variable, Variable?];
    const { shape } = inputs[0]!;
    // All positions of all samples are rows of one matmul. The activation precedes the reshape, so that it can be fused.
    const x = cast(inputs[0]!, 'float32');
    const rows = shape.length === 2 ? x : reshape(x, [sizeOf(shape.slice(0, -1)), shape.at(-1)!]);
    const product = matmul(rows, kernel);
    const y = this.activation(bias === undefined ? product : add(product, bias));
    return reshape(y, [...shape.slice(0, -1), this.units]);
  }

  private checkFeatures(sample: Shape): void {
    const features = featuresOf(this.label, sample);
    const expected = this.weight('kernel')?.shape[0] ?? features;
    if (features === expected) return;
    const remedy =
      sizeOf(sample) === expected ? 'put flatten() before it' : `give inputs of shape [batch, ${expected}]`;
    throw new ShapeError(
      `${this.label}: expects inputs of ${expected} features, got ${formatSample(sample)}: ${remedy}`,
    );
  }
}

/**
 * Fully connected layer: activation(x · kernel + bias), [batch, ..., features] → [batch, ..., units]. Weights: kernel
 * [features, units], bias [units].
 *
 * @throws ValueError if `units` is not an integer ≥ 1, or for an unknown activation, initializer or regularizer
 * @example
 * const classifier = sequential([
 *   dense({ units: 128, activation: 'relu', inputShape: [784] }),
 *   dense({ units: 10, activation: 'softmax' }),
 * ]);
 */
export function dense(options: DenseOptions): Layer {
  checkCount('dense', arguments, 'options');
  return new Dense(options);
}
