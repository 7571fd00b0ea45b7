/**
 * Inputs of functional models. `input` does not create an `InputLayer`, so that a program without models, which imports the
 * same function, does not bundle layers. The model creates the layer.
 */
import { unproxied } from '../core/raw.ts';
import { checkOptions, oneOf, required } from '../core/arguments.ts';
import type { DType } from '../core/dtype.ts';
import { checkShape } from '../core/shape.ts';
import type { Shape } from '../core/shape.ts';
import { dimensions, layerName } from './arguments.ts';
import type { LayerOptions, SymbolicTensor } from './layer.ts';

/** Options of a model input. */
export interface InputOptions extends Omit<LayerOptions, 'inputShape' | 'trainable'> {
  /** Shape of a sample, without the batch axis; [] for one number per sample. */
  readonly shape: Shape;
  /** Default 'float32'; 'int32' for class indices or token ids. */
  readonly dtype?: DType;
}

/** The description from which a model creates its `InputLayer`. */
export interface SymbolicInput extends InputOptions {
  readonly kind: 'input';
  readonly name: string;
}

/**
 * Creates the symbolic input of a functional model, to be passed to `layer.apply()`.
 *
 * @throws ValueError for an invalid option; ShapeError for an invalid shape
 * @example
 * const x = input({ shape: [784] });
 * const y = dense({ units: 10, activation: 'softmax' }).apply(x);
 */
export function input(options: InputOptions): SymbolicTensor {
  checkInput(options);
  const { shape } = options;
  return unproxied({ shape, layer: { kind: 'input', name: '', ...options } as const, inputs: [] });
}

/** Throws `ValueError` for options that are unknown or of the wrong type, ShapeError for an invalid shape. */
export function checkInput(options: InputOptions): void {
  checkOptions('input', options, {
    shape: required(dimensions),
    dtype: oneOf('float32', 'int32', 'uint8'),
    name: layerName,
  });
  checkShape('input', options.shape);
}
