/**
 * Page module: trains a network whose step takes about 200 ms while the page's long tasks are written down. Called by
 * ../long-tasks.test.ts.
 */
import { createEngine } from '../../../src/create-engine.ts';
import type { EngineOptions } from '../../../src/create-engine.ts';
import { Engine } from '../../../src/engine.ts';
import { WasmBackend } from '../../../src/backends/wasm/index.ts';
import { dense } from '../../../src/nn/layers/dense.ts';
import * as ops from '../../../src/ops/index.ts';
import { adam } from '../../../src/optim/adam.ts';
import { tensor } from '../../../src/data/tensor.ts';
import { sequential } from '../../../src/model/make-model.ts';

export interface Training {
  readonly threads: number;
  readonly steps: number;
  readonly millisecondsPerStep: number;
  /** Milliseconds of each main-thread task over 50 ms that began while it trained. */
  readonly longTasks: readonly number[];
}

const units = 1024;
/** Multiply-adds of a step for each sample: forward, and both gradients, of which the first layer needs one. */
const perSample = (2 + 3) * units * units;
const stepMilliseconds = 200;
const steps = 10;

/** @param options of the engine; its threads make the batch larger, so that a step takes as long */
export async function train(options: EngineOptions & { readonly threads?: number }): Promise<Training> {
  const speed = (options.threads ?? 1) * (await multiplyAddsPerMillisecond());
  const batch = Math.round((stepMilliseconds * speed) / perSample);
  const engine = await createEngine({ backend: 'wasm', ...options });
  const hidden = dense({ units, activation: 'relu', inputShape: [units] });
  const model = sequential([hidden, dense({ units })], { engine, seed: 1 });
  model.compile({ optimizer: adam(), loss: 'meanSquaredError' });
  const samples = batch * (steps + 1);
  const x = tensor(new Float32Array(samples * units).fill(0.5), [samples, units]);

  const tasks: PerformanceEntry[] = [];
  const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries()));
  observer.observe({ type: 'longtask' });
  // Data and program are there once the first step is done; what comes before it in the same task is not training.
  const chunks: number[] = [];
  const onChunkEnd = (): void => void chunks.push(performance.now());
  await model.fit(x, x, { epochs: 1, batchSize: batch, callbacks: [{ onChunkEnd }] });
  const end = performance.now();
  // a task is told of after it has ended
  await new Promise((resolve) => setTimeout(resolve, 200));
  observer.disconnect();
  const begin = chunks[0]!;
  const { threads } = engine.info;
  engine.dispose();
  return {
    threads,
    steps,
    millisecondsPerStep: (end - begin) / steps,
    longTasks: tasks.filter(({ startTime }) => startTime >= begin && startTime < end).map(({ duration }) => duration),
  };
}

/** What the calling thread does in a large product. */
async function multiplyAddsPerMillisecond(): Promise<number> {
  const engine = new Engine(await WasmBackend.create());
  const [a, b] = [ops.variable([units, units]), ops.variable([units, units])];
  const executable = await engine.compile({ outputs: { y: ops.matmul(a, b) } });
  executable.run(5);
  const repeats = 10;
  const start = performance.now();
  executable.run(repeats);
  return (repeats * units ** 3) / (performance.now() - start);
}
