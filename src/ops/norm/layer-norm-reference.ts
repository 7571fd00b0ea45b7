/** Float64 references of layer normalization and its gradients, for tests of `layer-norm.ts` and every kernel. */
import type { ReferenceContext } from '../../graph/op.ts';
import { partRows } from './layer-norm-wgsl.ts';
import { rowSizes } from './softmax.ts';

type Context = ReferenceContext<{ readonly epsilon: number }>;

/** Mean and 1 / √(variance + ε) of a row, with the biased variance. */
function measure(x: Float64Array, epsilon: number): readonly [mean: number, factor: number] {
  const average = x.reduce((total, value) => total + value, 0) / x.length;
  const variance = x.reduce((total, value) => total + (value - average) ** 2, 0) / x.length;
  return [average, 1 / Math.sqrt(variance + epsilon)];
}

/** Calls `visit` for each row of x with the row's start index, its x̂ and 1 / √(variance + ε). */
function eachRow(
  { inputs, inputTypes, attributes }: Context,
  visit: (start: number, standard: Float64Array, factor: number, row: number) => void,
): void {
  const { rows, columns } = rowSizes(inputTypes[0]!);
  for (let row = 0; row < rows; row++) {
    const x = inputs[0]!.slice(row * columns, (row + 1) * columns);
    const [average, factor] = measure(x, attributes.epsilon);
    visit(
      row * columns,
      x.map((value) => (value - average) * factor),
      factor,
      row,
    );
  }
}

export function referenceLayerNorm(context: Context): void {
  const [, scale, offset] = context.inputs;
  eachRow(context, (start, standard) =>
    standard.forEach((value, column) => {
      context.outputs[0]![start + column] = value * scale![column]! + offset![column]!;
    }),
  );
}

export function referenceGradient(context: Context): void {
  const [, scale, upstream] = context.inputs;
  eachRow(context, (start, standard, factor) => {
    const h = standard.map((_, column) => upstream![start + column]! * scale![column]!);
    const average = h.reduce((total, value) => total + value, 0) / h.length;
    const product = h.reduce((total, value, column) => total + value * standard[column]!, 0) / h.length;
    h.forEach((value, column) => {
      context.outputs[0]![start + column] = factor * (value - average - standard[column]! * product);
    });
  });
}

export function referenceSums(context: Context): void {
  const upstream = context.inputs[1]!;
  const sums = context.outputs[0]!.fill(0);
  eachRow(context, (start, standard, _, row) => {
    const at = 2 * standard.length * Math.floor(row / partRows);
    standard.forEach((value, column) => {
      sums[at + column]! += upstream[start + column]! * value;
      sums[at + standard.length + column]! += upstream[start + column]!;
    });
  });
}
