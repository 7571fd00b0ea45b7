/**
 * Page module: invalid calls on a real WebGPU device, and another model that trains on the same engine. Called by
 * ../lifetimes.test.ts.
 */
import { ReferenceBackend } from '../../../src/backends/reference/index.ts';
import { WebGPUBackend } from '../../../src/backends/webgpu/index.ts';
import { tensor } from '../../../src/data/tensor.ts';
import { Engine } from '../../../src/engine.ts';
import { sequential } from '../../../src/model/make-model.ts';
import type { Model } from '../../../src/model/model.ts';
import { dense } from '../../../src/nn/layers/dense.ts';
import { add, mul } from '../../../src/ops/elementwise/arithmetic.ts';
import { variable } from '../../../src/ops/define.ts';
import { adam } from '../../../src/optim/adam.ts';

const x = tensor(
  Float32Array.from({ length: 24 }, (_, index) => Math.sin(index)),
  [8, 3],
);
const y = tensor(
  Float32Array.from({ length: 8 }, (_, index) => Math.cos(index)),
  [8, 1],
);

function learner(engine: Engine): Model {
  const layers = [dense({ units: 5, activation: 'tanh', inputShape: [3] }), dense({ units: 1 })];
  const model = sequential(layers, { engine, seed: 3 });
  model.compile({ optimizer: adam({ learningRate: 0.05 }), loss: 'mse' });
  return model;
}

const weightsOf = async (model: Model): Promise<number[]> =>
  (await model.getWeights()).flatMap(({ data }) => [...data]);

/** The error that `call` throws or with which it is rejected. */
async function refusal(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    return (error as Error).name;
  }
  return 'nothing';
}

export interface WrongCall {
  readonly call: string;
  readonly error: string;
  /** The difference between the other model's weights and the reference after its next step. */
  readonly difference: number;
}

/** Makes each invalid call, followed by a step of the other model. */
export async function wrongCalls(): Promise<WrongCall[]> {
  const engine = new Engine(await WebGPUBackend.create());
  const [model, expected] = [learner(engine), learner(new Engine(new ReferenceBackend()))];
  const found: WrongCall[] = [];
  const attempt = async (call: string, make: () => unknown): Promise<void> => {
    const error = await refusal(make);
    await model.trainOnBatch(x, y);
    await expected.trainOnBatch(x, y);
    const [given, wanted] = [await weightsOf(model), await weightsOf(expected)];
    const differences = given.map((value, index) => Math.abs(value - wanted[index]!));
    // NaN must not count as no difference.
    const difference = differences.every(Number.isFinite) ? Math.max(...differences) : Infinity;
    found.push({ call, error, difference });
  };
  const v = variable([4], { name: 'v', initialize: () => Float32Array.of(1, 2, 3, 4) });
  const compile = (): Promise<Awaited<ReturnType<Engine['compile']>>> =>
    engine.compile({ outputs: { y: mul(v, 2) }, updates: [[v, add(v, 1)]] });
  const executable = await compile();

  for (const steps of [-1, 1.5, NaN, 2 ** 31]) await attempt(`run ${steps}`, () => executable.run(steps));
  for (const offset of [-1, 0.5, NaN, 3, 2 ** 40]) {
    await attempt(`write at ${offset}`, () => engine.write(v, new Float32Array(2), offset));
  }
  await attempt('write too many', () => engine.write(v, new Float32Array(5)));
  await attempt('write int32', () => engine.write(v, new Int32Array(4)));
  await attempt('write float64', () => engine.write(v, new Float64Array(4) as never));
  await attempt('write a list', () => engine.write(v, [1, 2, 3, 4] as never));
  await attempt('read into too few', () => engine.read(v, new Float32Array(3)));
  await attempt('read into int32', () => engine.read(v, new Int32Array(4)));
  await attempt('read an output into too many', () => executable.read('y', new Float32Array(5)));
  await attempt('read an output that does not exist', () => executable.read('z'));
  await attempt('nothing wrong', async () => {
    const read = [...(await engine.read(v))].join();
    if (read !== '1,2,3,4') throw new Error(read);
  });

  engine.release([v]);
  await attempt('run after release', () => executable.run());
  await attempt('read an output after release', () => executable.read('y'));
  await attempt('read after release', () => engine.read(v));
  await attempt('write after release', () => engine.write(v, new Float32Array(4)));
  const again = await compile();
  again.run(3);
  const pending = again.read('y');
  again.dispose();
  again.dispose();
  await attempt('run after dispose', () => again.run());
  await attempt('read after dispose', () => again.read('y'));
  await attempt('a read that was asked for before dispose', async () => {
    const read = [...(await pending)].join();
    if (read !== '6,8,10,12') throw new Error(read);
  });

  const other = learner(engine);
  const running = other.predict(x, { batchSize: 1 });
  other.dispose();
  await attempt('a prediction that ran when its model was disposed', () => running);
  await attempt('predict after dispose', () => other.predict(x));
  await attempt('fit after dispose', () => other.fit(x, y));
  await attempt('getWeights after dispose', () => other.getWeights());
  const third = learner(engine);
  await attempt('labels that do not fit', () => third.fit(x, tensor([[1, 2]])));
  await attempt('weights that do not fit', () => third.setWeights([tensor([1])]));
  const fitting = third.fit(x, y, { epochs: 2 });
  await attempt('a fit while one runs', () => third.fit(x, y));
  await fitting;
  await attempt('dispose while a fit runs', async () => {
    const running = third.fit(x, y, { epochs: 2 });
    const error = await refusal(() => third.dispose());
    await running;
    if (error !== 'nothing') throw Object.assign(new Error(error), { name: error });
  });
  third.dispose();
  engine.dispose();
  for (const [call, make] of Object.entries({
    'run after the engine': () => executable.run(),
    'compile after the engine': compile,
    'train after the engine': () => model.trainOnBatch(x, y),
  })) {
    found.push({ call, error: await refusal(make), difference: 0 });
  }
  return found;
}

/** Invalid calls of the backend itself: the data of its other users does not change. */
export async function wrongCallsOfBackend(): Promise<{
  readonly errors: readonly string[];
  readonly kept: readonly number[];
}> {
  const [backend, stranger] = [await WebGPUBackend.create(), await WebGPUBackend.create()];
  const type = { shape: [4], dtype: 'float32' } as const;
  const [mine, theirs, freed] = ['mine', 'theirs', 'freed'].map((label) => backend.allocate(type, label));
  const foreign = stranger.allocate(type, 'foreign');
  backend.write(theirs!, Float32Array.of(5, 6, 7, 8));
  backend.release(freed!);
  const errors: string[] = [];
  for (const call of [
    () => backend.write(mine!, new Float32Array(5)),
    () => backend.write(mine!, new Float32Array(2), 3),
    () => backend.write(mine!, new Float32Array(2), -4),
    () => backend.write(mine!, new Int32Array(4)),
    () => backend.write(freed!, new Float32Array(4)),
    () => backend.write(foreign, new Float32Array(4)),
    () => backend.read(mine!, new Float32Array(2)),
    () => backend.read(freed!),
    () => backend.read(foreign),
    () => backend.release(freed!),
    () => backend.allocate({ shape: [-1], dtype: 'float32' }, 'none'),
  ]) {
    errors.push(await refusal(call));
  }
  const kept = [...(await backend.read(theirs!)), ...(await backend.read(mine!))];
  backend.dispose();
  stranger.dispose();
  return { errors, kept };
}
