/**
 * Runs op cases on an engine: the cases of one op become one program, whose outputs are held against the float64
 * reference. Works in Node and in a page.
 */
import type { TypedArray } from '../../src/core/dtype.ts';
import type { Engine } from '../../src/engine.ts';
import type { Node, Variable } from '../../src/graph/node.ts';
import { instantiate, mismatch, opCases } from './op-cases.ts';
import type { OpCase } from './op-cases.ts';

/** The names of the ops that have cases. */
export const opNames: readonly string[] = [...new Set(opCases.map(({ op }) => op.name))];

/** What is wrong with the cases of `opName` on `engine`; nothing when every value is within its bound. */
export async function runCases(engine: Engine, opName: string, target: 'wasm' | 'webgpu'): Promise<string[]> {
  const results = await caseResults(engine, opName);
  return results
    .map(({ opCase, values }) => mismatch(opCase, values, target))
    .filter((problem) => problem !== undefined);
}

/** What `engine` computes for each case of `opName`; `beforeDispose` may look at its memory. */
export async function caseResults(
  engine: Engine,
  opName: string,
  beforeDispose?: () => Promise<void>,
): Promise<{ readonly opCase: OpCase; readonly values: TypedArray }[]> {
  const cases = opCases.filter(({ op }) => op.name === opName);
  const outputs: Record<string, Node> = {};
  const variables: Variable[] = [];
  cases.forEach((opCase, index) => {
    const built = opCase.build();
    const instance = instantiate(built);
    instance.variables.forEach((input, position) => {
      const variable = input as Variable;
      engine.write(variable, built.inputs[position]!.values);
      variables.push(variable);
    });
    outputs[`case_${index}`] = instance.node;
  });
  const executable = await engine.compile({ outputs });
  executable.run(1);
  const results = [];
  for (const [index, opCase] of cases.entries()) {
    results.push({ opCase, values: await executable.read(`case_${index}`) });
  }
  await beforeDispose?.();
  executable.dispose();
  engine.release(variables);
  return results;
}
