/** Page module: engines with workers. Called by ../threads.test.ts. */
import type { BackendInfo } from '../../../src/backends/backend.ts';
import { createEngine } from '../../../src/create-engine.ts';
import type { EngineOptions } from '../../../src/create-engine.ts';
import { dense } from '../../../src/nn/layers/dense.ts';
import { adam } from '../../../src/optim/adam.ts';
import { tensor } from '../../../src/tensor.ts';
import { sequential } from '../../../src/train/make-model.ts';

type Options = Pick<EngineOptions, 'threads' | 'worker'>;

export interface Run {
  readonly info: BackendInfo;
  readonly losses: readonly number[];
  /** Milliseconds of each task of the main thread that took longer than 50. */
  readonly longTasks: readonly number[];
}

/** Trains a network whose step takes tens of milliseconds on one core. */
export async function train(options: Options): Promise<Run> {
  const engine = await createEngine({ backend: 'wasm', ...options });
  const model = sequential(
    [
      dense({ units: 1024, activation: 'relu', inputShape: [512] }),
      dense({ units: 1024, activation: 'relu' }),
      dense({ units: 8 }),
    ],
    { engine, seed: 2 },
  );
  model.compile({ optimizer: adam(), loss: 'meanSquaredError' });
  const samples = 1024;
  const x = tensor(
    Float32Array.from({ length: samples * 512 }, (_, index) => Math.sin(index)),
    [samples, 512],
  );
  const y = tensor(
    Float32Array.from({ length: samples * 8 }, (_, index) => Math.cos(index)),
    [samples, 8],
  );
  await model.fit(x, y, { batchSize: 512 }); // compiles, and starts the workers
  const longTasks: number[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longTasks.push(duration);
  });
  observer.observe({ entryTypes: ['longtask'] });
  const { history } = await model.fit(x, y, { batchSize: 512, epochs: 4 });
  await new Promise((resolve) => setTimeout(resolve, 100));
  observer.disconnect();
  const { info } = engine;
  engine.dispose();
  return { info, losses: history['loss']!, longTasks };
}
