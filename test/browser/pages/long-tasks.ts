/**
 * Page module: trains a network whose step takes about 200 ms and records the page's long tasks. Called by
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
  /** Durations in ms of the main-thread tasks over 50 ms that started during training. */
  readonly longTasks: readonly number[];
}

const units = 1024;
/** Multiply-adds of a step per sample: forward and both gradients; the first layer needs only one gradient. */
const perSample = (2 + 3) * units * units;
const stepMilliseconds = 200;
const steps = 10;

/** @param options of the engine; the batch size grows with the number of threads, so that a step takes equally long */
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
  // Data and program are ready after the first step; earlier work in the same task is not training.
  const chunks: number[] = [];
  const onChunkEnd = (): void => void chunks.push(performance.now());
  await model.fit(x, x, { epochs: 1, batchSize: batch, callbacks: [{ onChunkEnd }] });
  const end = performance.now();
  // a task is reported after it has ended
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

/** The work of the calling thread in a large product. */
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
