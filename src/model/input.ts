/** One name for where data enter: the start of a functional model, or a placeholder of a graph of one's own. */
import { checkCount } from '../core/arguments.ts';
import type { DType } from '../core/dtype.ts';
import type { Shape } from '../core/shape.ts';
import type { Variable } from '../graph/node.ts';
import { input as symbolicInput } from '../nn/symbolic-input.ts';
import type { InputOptions } from '../nn/symbolic-input.ts';
import type { SymbolicTensor } from '../nn/layer.ts';
import { input as placeholder } from '../data/tensor.ts';

/**
 * `input({ shape: [784] })` is where a functional model begins, its shape without the batch axis; hand it to
 * `layer.apply()`. `input([32, 784])` is a tensor of a graph that `engine.write` fills before a run.
 *
 * @throws ShapeError or ValueError for a shape that is none
 */
export function input(options: InputOptions): SymbolicTensor;
export function input(shape: Shape, options?: { readonly dtype?: DType; readonly name?: string }): Variable;
export function input(
  first: InputOptions | Shape,
  options: { readonly dtype?: DType; readonly name?: string } = {},
): SymbolicTensor | Variable {
  checkCount('input', arguments, 'shape', 'options');
  return Array.isArray(first) ? placeholder(first as Shape, options) : symbolicInput(first as InputOptions);
}
