/**
 * Where data enter a model, without the layer: a program that only works with graphs imports the same `input` and must
 * not carry layers for it. A model makes the layer when it is made.
 */
import { unproxied } from '../core/raw.ts';
import { checkOptions, oneOf, required } from '../core/arguments.ts';
import type { DType } from '../core/dtype.ts';
import { checkShape } from '../core/shape.ts';
import type { Shape } from '../core/shape.ts';
import { dimensions, layerName } from './arguments.ts';
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
