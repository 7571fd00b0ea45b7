/**
 * A user's program from loading the library to the first finished step. The suite `start` bundles it and times it in a
 * fresh page or process.
 */
import { adam, type BackendInfo, createEngine, dense, sequential, tensor, WasmBackend } from '../../src/index.ts';
import type { EngineRequest } from '../start-engine.ts';

export interface FirstStep {
  readonly engine: EngineRequest;
  /** Of a network of these sizes. */
  readonly sizes: readonly number[];
  readonly batch: number;
  readonly samples: Float32Array;
  readonly labels: Float32Array;
  /** Called at the end of each stage. */
  readonly mark: (stage: 'engine' | 'program') => void;
}

/** Resolves with the backend's description once the step's loss is available. */
export async function firstStep(given: FirstStep): Promise<Pick<BackendInfo, 'threads' | 'description'>> {
  const { engine: request, sizes, batch, samples, labels, mark } = given;
  const { backend, ...options } = request;
  const engine = await createEngine({ backend: backend === 'wasm' ? await WasmBackend.create(options) : backend });
  mark('engine');
  const model = sequential(
    sizes.slice(1).map((units, layer) =>
      dense({
        units,
        activation: layer === sizes.length - 2 ? 'softmax' : 'relu',
        ...(layer === 0 && { inputShape: [sizes[0]!] }),
      }),
    ),
    { engine, seed: 1 },
  );
  model.compile({ optimizer: adam(), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  const [x, y] = [tensor(samples, [batch, sizes[0]!]), tensor(labels, [batch, sizes.at(-1)!])];
  const onTrainBegin = (): void => mark('program');
  const { history } = await model.fit(x, y, { batchSize: batch, epochs: 1, callbacks: [{ onTrainBegin }] });
  if (!Number.isFinite(history['loss']![0]!)) throw new Error(`the first loss is ${history['loss']![0]}`);
  return engine.info;
}
