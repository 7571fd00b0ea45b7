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
import { activationLike, initializerLike, regularizerLike } from '../arguments.ts';
import { glorotUniform, initializerFrom, zeros } from '../initializers/initializers.ts';
import type { Initializer, InitializerLike } from '../initializers/initializers.ts';
import { Layer } from '../layer.ts';
import type { LayerConfig, LayerOptions } from '../layer.ts';
import { regularizerFrom } from '../regularizers.ts';
import type { Regularizer, RegularizerLike } from '../regularizers.ts';
import { featuresOf, formatSample, onlyShape } from './check.ts';
import { saved } from './saved.ts';

export interface DenseOptions extends LayerOptions {
  /** Width of the output: an integer ≥ 1. */
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

export class Dense extends Layer {
  readonly kind = 'dense';
  override readonly supportsMasking = true;
  private readonly units: number;
  private readonly activation: Activation;
  private readonly useBias: boolean;
  private readonly initializers: { readonly kernel: Initializer; readonly bias: Initializer };
  private readonly regularizers: { readonly kernel: Regularizer | undefined; readonly bias: Regularizer | undefined };
  private kernel: Variable | undefined;
  private bias: Variable | undefined;

  constructor(options: DenseOptions) {
    super(options, 'dense', {
      units: required(integer(1)),
      activation: activationLike,
      useBias: boolean,
      kernelInitializer: initializerLike,
      biasInitializer: initializerLike,
      kernelRegularizer: regularizerLike,
      biasRegularizer: regularizerLike,
    });
    const { units, activation, useBias = true, kernelRegularizer, biasRegularizer } = options;
    this.units = units;
    this.activation = activationFrom(activation);
    this.useBias = useBias;
    this.initializers = {
      kernel: options.kernelInitializer === undefined ? glorotUniform() : initializerFrom(options.kernelInitializer),
      bias: options.biasInitializer === undefined ? zeros() : initializerFrom(options.biasInitializer),
    };
    this.regularizers = {
      kernel: kernelRegularizer && regularizerFrom(kernelRegularizer),
      bias: biasRegularizer && regularizerFrom(biasRegularizer),
    };
  }

  override config(): LayerConfig {
    const { kernel, bias } = this.regularizers;
    return {
      ...super.config(),
      units: this.units,
      activation: activationName(this.activation),
      useBias: this.useBias,
      kernelInitializer: saved(this.initializers.kernel),
      biasInitializer: saved(this.initializers.bias),
      ...(kernel && { kernelRegularizer: saved(kernel) }),
      ...(bias && { biasRegularizer: saved(bias) }),
    };
  }

  outputShape(inputs: readonly Shape[]): Shape {
    const shape = onlyShape(this.label, inputs);
    this.checkFeatures(shape);
    return [...shape.slice(0, -1), this.units];
  }

  protected override createWeights(inputs: readonly Shape[], key: Key): void {
    const features = featuresOf(this.label, onlyShape(this.label, inputs));
    this.kernel = this.addWeight('kernel', [features, this.units], this.initializers.kernel, key);
    if (this.useBias) this.bias = this.addWeight('bias', [this.units], this.initializers.bias, key);
  }

  call(inputs: readonly Node[]): Node {
    const [kernel] = this.weights as [Variable];
    const { shape } = inputs[0]!;
    // All places of all samples are rows of one product; the activation follows at once, so that it can be fused.
    const x = cast(inputs[0]!, 'float32');
    const rows = shape.length === 2 ? x : reshape(x, [sizeOf(shape.slice(0, -1)), shape.at(-1)!]);
    const product = matmul(rows, kernel);
    const y = this.activation(this.bias === undefined ? product : add(product, this.bias));
    return reshape(y, [...shape.slice(0, -1), this.units]);
  }

  override penalties(): readonly Node[] {
    const { kernel, bias } = this.regularizers;
    return [
      ...(kernel && this.kernel ? [kernel.penalty(this.kernel)] : []),
      ...(bias && this.bias ? [bias.penalty(this.bias)] : []),
    ];
  }

  private checkFeatures(sample: Shape): void {
    const features = featuresOf(this.label, sample);
    const expected = this.kernel?.shape[0] ?? features;
    if (features === expected) return;
    const remedy =
      sizeOf(sample) === expected ? 'put flatten() before it' : `give inputs of shape [batch, ${expected}]`;
    throw new ShapeError(
      `${this.label}: expects inputs of ${expected} features, got ${formatSample(sample)}: ${remedy}`,
    );
  }
}

/**
 * A fully connected layer, [batch, ..., features] → [batch, ..., units].
 *
 * @throws ValueError for units that are no integer ≥ 1, or an unknown activation, initializer or regularizer
 */
export function dense(options: DenseOptions): Layer {
  checkCount('dense', arguments, 'options');
  return new Dense(options);
}
