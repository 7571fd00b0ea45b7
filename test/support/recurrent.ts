/** Shared helpers of the recurrent layer tests: the backends that run the cells, and the evaluation of graphs on them. */
import type { Engine } from '../../src/engine.ts';
import type { Node } from '../../src/graph/node.ts';
import { recurrent } from '../../src/ops/recurrent/recurrent.ts';
import { engines } from './models.ts';

/** All backends in Node that have the kernels of the recurrent op, including the reference. */
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

/** 0, 1, 2 … count − 1. */
export const arange = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
