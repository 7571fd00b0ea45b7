/**
 * Runs op cases on an engine: the cases of one op form one program, whose outputs are compared with the float64 reference. Works
 * in Node and in a page.
 */
import type { TypedArray } from '../../src/core/dtype.ts';
import type { Engine } from '../../src/engine.ts';
import type { Node, Variable } from '../../src/graph/node.ts';
import { instantiate, mismatch, opCases } from './op-cases.ts';
import type { OpCase } from './op-cases.ts';

/** The names of the ops that have cases. */
export const opNames: readonly string[] = [...new Set(opCases.map(({ op }) => op.name))];

/** Every `of`-th case, starting at `number`. */
export interface Part {
  readonly number: number;
  readonly of: number;
}

/** Returns the problems with the cases of `opName` on `engine`: none if every value is within its tolerance. */
export async function runCases(
  engine: Engine,
  opName: string,
  target: 'wasm' | 'webgpu',
  part: Part = { number: 0, of: 1 },
): Promise<string[]> {
  const results = await caseResults(engine, opName, { part });
  return results
    .map(({ opCase, values }) => mismatch(opCase, values, target))
    .filter((problem) => problem !== undefined);
}

interface CaseOptions {
  readonly part?: Part;
  /** May inspect the engine's memory. */
  readonly beforeDispose?: () => Promise<void>;
}

/** Returns the results of `engine` for each case of `opName`. */
export async function caseResults(
  engine: Engine,
  opName: string,
  { part: { number, of } = { number: 0, of: 1 }, beforeDispose }: CaseOptions = {},
): Promise<{ readonly opCase: OpCase; readonly values: TypedArray }[]> {
  const cases = opCases.filter(({ op }) => op.name === opName).filter((_, index) => index % of === number);
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
