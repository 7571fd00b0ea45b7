/**
 * Where data enter a model, without the layer: a program that only works with graphs imports the same `input` and must
 * not carry layers for it. A model makes the layer when it is made.
 */
import { requireOption } from '../core/check.ts';
import type { DType } from '../core/dtype.ts';
import type { Shape } from '../core/shape.ts';
import type { LayerOptions, SymbolicTensor } from './layer.ts';

export interface InputOptions extends Omit<LayerOptions, 'inputShape' | 'trainable'> {
  /** A sample's shape, without the batch axis; [] for one number each. */
  readonly shape: Shape;
  /** Default 'float32'; 'int32' for class or word numbers. */
  readonly dtype?: DType;
}

/** What `InputLayer` is made of. */
export interface InputPlace extends InputOptions {
  readonly kind: 'input';
  readonly name: string;
}

/** The place where a functional model begins: hand it to `layer.apply()`. @throws ValueError for a shape that is none */
export function input(options: InputOptions): SymbolicTensor {
  checkInput(options);
  const { shape } = options;
  return { shape, layer: { kind: 'input', name: '', ...options }, inputs: [] };
}

/** Throws `ValueError` for options that are none. */
export function checkInput({ shape, dtype = 'float32', name }: InputOptions): void {
  const where = name || 'input';
  requireOption(where, 'shape', shape, 'a list of dimensions without the batch axis', Array.isArray(shape));
  requireOption(where, 'dtype', dtype, 'float32, int32 or uint8', ['float32', 'int32', 'uint8'].includes(dtype));
}
