/** Page module: the ten-digit network of the examples, step by step, on any backend. Also runs in Node. */
import { oneHotLabels } from '../../../examples/data/mnist.ts';
import { loadMnist } from '../../../examples/data/mnist.ts';
import type { Backend } from '../../../src/backends/backend.ts';
import { ReferenceBackend } from '../../../src/backends/reference/index.ts';
import { WasmBackend } from '../../../src/backends/wasm/index.ts';
import { WebGPUBackend } from '../../../src/backends/webgpu/index.ts';
import { Engine } from '../../../src/engine.ts';
import { dense } from '../../../src/nn/layers/dense.ts';
import { adam } from '../../../src/optim/adam.ts';
import { tensor } from '../../../src/data/tensor.ts';
import { sequential } from '../../../src/model/make-model.ts';

export type BackendName = 'reference' | 'wasm' | 'webgpu';

const backends: Readonly<Record<BackendName, () => Backend | Promise<Backend>>> = {
  reference: () => new ReferenceBackend(),
  wasm: () => WasmBackend.create(),
  webgpu: () => WebGPUBackend.create(),
};

export interface Curve {
  /** The loss of each step. */
  readonly losses: readonly number[];
  /** FNV-1a hash of the bits of all weights after the last step. */
  readonly fingerprint: number;
}

const batch = 32;

/** Real digits, seed 7, one batch per step. */
export async function trainDigits({ backend, steps }: { backend: BackendName; steps: number }): Promise<Curve> {
  const { train } = await loadMnist({ trainCount: steps * batch, testCount: 1 });
  const labels = oneHotLabels(train);
  const model = sequential(
    [
      dense({ units: 64, activation: 'relu', inputShape: [784] }),
      dense({ units: 64, activation: 'relu' }),
      dense({ units: 10, activation: 'softmax' }),
    ],
    { engine: new Engine(await backends[backend]()), seed: 7 },
  );
  model.compile({ optimizer: adam(), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const images = train.images.slice(step * batch * 784, (step + 1) * batch * 784);
    const x = tensor(images, [batch, 784], { scale: 1 / 255 });
    const y = tensor(labels.slice(step * batch * 10, (step + 1) * batch * 10), [batch, 10]);
    losses.push((await model.trainOnBatch(x, y))['loss']!);
  }
  const weights = await model.getWeights();
  return { losses, fingerprint: fingerprint(weights.map(({ data }) => data as Float32Array)) };
}

function fingerprint(arrays: readonly Float32Array[]): number {
  let hash = 0x811c9dc5;
  for (const array of arrays) {
    for (const word of new Uint32Array(array.buffer, array.byteOffset, array.length)) {
      hash = Math.imul(hash ^ word, 0x01000193);
    }
  }
  return hash >>> 0;
}

export interface MemoryUse {
  /** Of variables, arenas, constants and uniforms, as reported by the engine. */
  readonly before: number;
  readonly after: number;
}

/** Ten thousand steps of a small network in one fit, after a warm-up fit. */
export async function tenThousandSteps(backend: BackendName): Promise<MemoryUse> {
  const started = await backends[backend]();
  const model = sequential(
    [dense({ units: 4, activation: 'tanh', inputShape: [3] }), dense({ units: 1, activation: 'sigmoid' })],
    { engine: new Engine(started), seed: 1 },
  );
  model.compile({ optimizer: adam(), loss: 'binaryCrossentropy' });
  const x = tensor(
    Float32Array.from({ length: 300 }, (_, index) => Math.sin(index)),
    [100, 3],
  );
  const y = tensor(Float32Array.from({ length: 100 }, (_, index) => index % 2));
  const bytes = (): number => started.info.stateBytes + started.info.arenaBytes;
  await model.fit(x, y, { batchSize: 1, epochs: 1 });
  const before = bytes();
  let after = 0;
  // Measured during the run, before memory is freed.
  const onEpochEnd = (epoch: number): void => {
    if (epoch === 0 || epoch === 99) after = Math.max(after, bytes());
  };
  let first = 0;
  await model.fit(x, y, {
    batchSize: 1,
    epochs: 100,
    callbacks: { onEpochBegin: (epoch) => void (first ||= epoch === 1 ? bytes() : 0), onEpochEnd },
  });
  if (after !== first) throw new Error(`${first} bytes after the first epoch, ${after} at the end`);
  return { before, after: bytes() };
}
