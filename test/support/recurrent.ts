/** What the tests of recurrent layers share: where the cells run, and values of graphs there. */
import type { Engine } from '../../src/engine.ts';
import type { Node } from '../../src/graph/node.ts';
import { recurrent } from '../../src/ops/recurrent/recurrent.ts';
import { engines } from './models.ts';

/** Every backend in Node that has the kernels of the recurrent op; the reference always does. */
export const recurrentEngines: typeof engines = engines.filter(
  ([name]) => name === 'reference' || recurrent.op.kernels.wasm.length > 0,
);

/** The values of `nodes`, computed by `engine`. */
export async function valuesOn(engine: Engine, nodes: readonly Node[]): Promise<number[][]> {
  const outputs = Object.fromEntries(nodes.map((node, index) => [`y${index}`, node]));
  const executable = await engine.compile({ outputs });
  executable.run(1);
  const values = await Promise.all(Object.keys(outputs).map((name) => executable.read(name)));
  executable.dispose();
  return values.map((data) => [...data]);
}

/** 0, 1, 2 … as many as `count`. */
export const arange = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
