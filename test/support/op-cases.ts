/**
 * The list of all op cases, used by tests of values, gradients and backends, and the benchmark. Each op family has a file in
 * the folder `op-cases`; a new op needs a line there and nothing else.
 */
import { variable } from '../../src/ops/define.ts';
import type { Node } from '../../src/graph/node.ts';
import type { TypedArray } from '../../src/core/dtype.ts';
import { evaluate } from './evaluate.ts';
import { broadcastCases } from './op-cases/broadcast.ts';
import type { BuiltCase, OpCase } from './op-cases/case.ts';
import { dataCases } from './op-cases/data.ts';
import { edgeCases } from './op-cases/edges.ts';
import { elementwiseCases } from './op-cases/elementwise.ts';
import { lossCases } from './op-cases/losses.ts';
import { normalizationCases } from './op-cases/normalization.ts';
import { productCases } from './op-cases/products.ts';
import { recurrentCases } from './op-cases/recurrent.ts';
import { reductionCases } from './op-cases/reductions.ts';
import { shapeCases } from './op-cases/shapes.ts';

export type { BuiltCase, CaseInput, OpCase, Tolerance } from './op-cases/case.ts';

export const opCases: readonly OpCase[] = [
  ...elementwiseCases,
  ...broadcastCases,
  ...productCases,
  ...reductionCases,
  ...normalizationCases,
  ...lossCases,
  ...shapeCases,
  ...dataCases,
  ...recurrentCases,
  ...edgeCases,
];

/** Creates a variable for each input, and the node under test from them. */
export function instantiate(built: BuiltCase): { readonly variables: readonly Node[]; readonly node: Node } {
  const variables = built.inputs.map(({ shape, dtype }, index) => variable(shape, { name: `input_${index}`, dtype }));
  return { variables, node: built.node(variables) };
}

/** The float64 result of a case for its inputs or their magnitudes. */
export function expectedValues(built: BuiltCase, magnitudes = false): Float64Array {
  const { variables, node } = instantiate(built);
  const feeds = variables.map((input, index) => {
    const values = Float64Array.from(built.inputs[index]!.values);
    return [input, magnitudes ? values.map(Math.abs) : values] as const;
  });
  return evaluate([node], new Map(feeds))[0]!;
}

/**
 * Compares the result of a backend with the reference. Returns undefined if every element is within the tolerance of the case,
 * otherwise a description of the first one that is not. NaN must be NaN, and a value that overflows float32 must be infinite.
 */
export function mismatch(opCase: OpCase, got: TypedArray, target: 'wasm' | 'webgpu' = 'wasm'): string | undefined {
  const built = opCase.build();
  const expected = expectedValues(built);
  const { ulps = 0, absolute = 0, terms = 0 } = target === 'wasm' ? opCase.tolerance : opCase.webgpuTolerance;
  const magnitudes = terms === 0 ? expected : expectedValues(built, true);
  if (got.length !== expected.length) return `${opCase.name}: ${got.length} elements, not ${expected.length}`;
  for (const [index, want] of expected.entries()) {
    const value = got[index]!;
    const accumulated = terms === 0 ? 0 : terms * 2 ** -24 * Math.abs(magnitudes[index]!);
    // Subnormal float32 results may be flushed to zero.
    const bound = ulps * 2 ** -23 * Math.abs(want) + absolute + accumulated + 2 ** -126;
    const single = Math.fround(want);
    const fits = Number.isFinite(single) ? Math.abs(value - want) <= bound : Object.is(value, single);
    const exact = ulps + absolute + terms === 0 && value === single;
    if (!fits && !exact) return `${opCase.name}: element ${index} is ${value}, not ${want} (± ${bound})`;
  }
  return undefined;
}
