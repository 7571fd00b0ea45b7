/** The smallest program that trains, written with the graph alone, on WebGPU or WebAssembly. */
import { createEngine } from '../../src/index.ts';
import { type Batch, trainGraph } from './train-graph.ts';

export async function train(batches: readonly Batch[]): Promise<number> {
  return trainGraph(await createEngine(), batches);
}
