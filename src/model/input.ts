/** `input` creates the input of a functional model, or a placeholder of a graph that is compiled with `engine.compile`. */
import { checkCount } from '../core/arguments.ts';
import type { DType } from '../core/dtype.ts';
import type { Shape } from '../core/shape.ts';
import type { Variable } from '../graph/node.ts';
import { input as symbolicInput } from '../nn/symbolic-input.ts';
import type { InputOptions } from '../nn/symbolic-input.ts';
import type { SymbolicTensor } from '../nn/layer.ts';
import { input as placeholder } from '../data/tensor.ts';

/**
 * Creates an input. With an options object it is the input of a functional model: pass it to `layer.apply()` and `model()`. Its
 * shape excludes the batch axis. With a shape array it is a variable of a graph, which `engine.write` fills before a run. Its
 * dtype is float32 by default.
 *
 * @throws ShapeError or ValueError for an invalid shape or option
 * @example
 * const images = input({ shape: [784] }); // input of a functional model
 * @example
 * const x = input([32, 784]); // placeholder of a graph
 * const executable = await engine.compile({ outputs: { y: relu(x) } });
 * engine.write(x, new Float32Array(32 * 784));
 * executable.run();
 * const y = await executable.read('y');
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
