/** The program of graph.ts on WebAssembly alone. */
import { Engine, WasmBackend } from '../../src/index.ts';
import { type Batch, trainGraph } from './train-graph.ts';

export async function train(batches: readonly Batch[]): Promise<number> {
  return trainGraph(new Engine(await WasmBackend.create()), batches);
}
