/** The program of graph.ts on WebGPU alone. */
import { Engine, WebGPUBackend } from '../../src/index.ts';
import { type Batch, trainGraph } from './train-graph.ts';

export async function train(batches: readonly Batch[]): Promise<number> {
  return trainGraph(new Engine(await WebGPUBackend.create()), batches);
}
