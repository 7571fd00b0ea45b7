/**
 * Page module: training on WebGPU with a shared buffer for parameters, and with separate ones. Called by ../arenas.test.ts.
 */
import { arrange } from '../../../src/backends/webgpu/arenas/index.ts';
import { WebGPUBackend } from '../../../src/backends/webgpu/index.ts';
import { Engine } from '../../../src/engine.ts';
import { layerRegistry } from '../../../src/nn/layer-registry.ts';
import { dense } from '../../../src/nn/layers/dense.ts';
import { add, mul } from '../../../src/ops/elementwise/arithmetic.ts';
import { adamw } from '../../../src/optim/adamw.ts';
import type { Optimizer } from '../../../src/optim/optimizer.ts';
import { sgd } from '../../../src/optim/sgd.ts';
import { loadModel } from '../../../src/files/load.ts';
import { sequential } from '../../../src/model/make-model.ts';
import type { Model } from '../../../src/model/model.ts';
import { GuardedWebGPU } from '../../support/guarded-webgpu.ts';
import { allWeights, blobs } from '../../support/models.ts';

const { x, y } = blobs(66);

const optimizers: Readonly<Record<string, () => Optimizer>> = {
  adamw: () => adamw({ learningRate: 0.01, excludeFromWeightDecay: ['bias'], globalClipNorm: 1 }),
  nesterov: () => sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true }),
};

/** Sizes that do not fill a slice, and a frozen layer between two trainable ones. */
function network(engine: Engine, optimizer: string): Model {
  const frozen = dense({ units: 5, activation: 'tanh' });
  frozen.trainable = false;
  const model = sequential(
    [
      dense({ units: 67, activation: 'relu', inputShape: [2] }),
      frozen,
      dense({ units: 13, activation: 'relu' }),
      dense({ units: 13, activation: 'relu' }),
      dense({ units: 3, activation: 'softmax' }),
    ],
    { engine, seed: 3 },
  );
  model.compile({ optimizer: optimizers[optimizer]!(), loss: 'sparseCategoricalCrossentropy' });
  return model;
}

type Memory = 'shared' | 'apart' | 'guarded';

async function engineWith(
  memory: Memory,
): Promise<{ engine: Engine; steps: number[]; violations: () => Promise<string[]> }> {
  const guarded = memory === 'guarded' ? await GuardedWebGPU.create() : null;
  const backend = guarded?.backend ?? (await WebGPUBackend.create());
  if (memory === 'apart') Object.defineProperty(backend, 'allocateTogether', { value: undefined });
  const engine = new Engine(backend);
  const steps: number[] = [];
  const prepare = backend.prepare.bind(backend);
  backend.prepare = (program, variables) => {
    steps.push(arrange(program, variables, backend.traits).steps.length);
    return prepare(program, variables);
  };
  return { engine, steps, violations: () => guarded?.violations() ?? Promise.resolve([]) };
}

/** A custom graph: each new value depends on the old value of the other variable, in the same buffer. */
async function mix(engine: Engine, { layers }: Model): Promise<void> {
  const [a, b] = [layers[2]!.weights[1]!, layers[3]!.weights[1]!];
  const executable = await engine.compile({
    updates: [
      [a, b],
      [b, add(mul(a, 0.5), b)],
    ],
  });
  executable.run(3);
  executable.dispose();
}

export interface Trained {
  /** All results: losses, intermediate weights, final weights. */
  readonly numbers: readonly number[];
  /** Number of steps of each program. */
  readonly steps: readonly number[];
  readonly violations: readonly string[];
  /** Memory in use after the models are disposed. */
  readonly bytesLeft: number;
}

/** Predicts, trains, saves, loads the file into another model on the same engine, and continues training. */
export async function train({ optimizer, memory }: { optimizer: string; memory: Memory }): Promise<Trained> {
  const { engine, steps, violations } = await engineWith(memory);
  const model = network(engine, optimizer);
  const numbers = [...(await model.predict(x)).data];
  const { history } = await model.fit(x, y, { epochs: 2, batchSize: 16 });
  numbers.push(...history['loss']!, ...(await allWeights(model)));
  const second = loadModel(await model.save(), { layers: layerRegistry, engine });
  const after = await second.fit(x, y, { epochs: 4, initialEpoch: 2, batchSize: 16 });
  numbers.push(...after.history['loss']!, ...(await allWeights(second)), ...(await model.predict(x)).data);
  await mix(engine, second);
  numbers.push(...(await allWeights(second)));
  const found = await violations();
  model.dispose();
  second.dispose();
  const { stateBytes, arenaBytes } = engine.info;
  engine.dispose();
  return { numbers, steps, violations: found, bytesLeft: stateBytes + arenaBytes };
}
