/** One buffer for all parameters: the optimizer is one dispatch, memory is freed, and other updates stay separate. */
import { describe, expect, it } from 'vitest';
import type { BackendBuffer } from '../../../src/backends/backend.ts';
import { WebGPUBackend } from '../../../src/backends/webgpu/index.ts';
import { printProgram } from '../../../src/compiler/print.ts';
import type { Program } from '../../../src/compiler/program.ts';
import { verifyProgram } from '../../../src/compiler/verify/program.ts';
import { Engine } from '../../../src/engine.ts';
import type { TensorType } from '../../../src/graph/op.ts';
import { bidirectional } from '../../../src/nn/layers/bidirectional.ts';
import { dense } from '../../../src/nn/layers/dense.ts';
import { embedding } from '../../../src/nn/layers/embedding.ts';
import { gru } from '../../../src/nn/layers/gru.ts';
import { layerNormalization } from '../../../src/nn/layers/layer-normalization.ts';
import { lstm } from '../../../src/nn/layers/lstm.ts';
import { timeDistributed } from '../../../src/nn/layers/time-distributed.ts';
import { l2 } from '../../../src/nn/regularizers.ts';
import { adagrad } from '../../../src/optim/adagrad.ts';
import { adam } from '../../../src/optim/adam.ts';
import { adamax } from '../../../src/optim/adamax.ts';
import { adamw } from '../../../src/optim/adamw.ts';
import type { Optimizer } from '../../../src/optim/optimizer.ts';
import { rmsprop } from '../../../src/optim/rmsprop.ts';
import { cosineDecay } from '../../../src/optim/schedules.ts';
import { sgd } from '../../../src/optim/sgd.ts';
import { tensor } from '../../../src/data/tensor.ts';
import type { HostTensor } from '../../../src/data/tensor.ts';
import { allocateArenas, arrange } from '../../../src/backends/webgpu/arenas/index.ts';
import { sequential } from '../../../src/model/make-model.ts';
import type { Model } from '../../../src/model/model.ts';
import { RecordingGPU } from '../../support/recording-gpu.ts';

const x = tensor(new Float32Array(64 * 784), [64, 784]);

interface Started {
  readonly recorder: RecordingGPU;
  readonly engine: Engine;
  readonly model: Model;
  /** In execution order. */
  readonly programs: readonly Program[];
}

/** An engine on a GPU that only records calls. */
async function recordingEngine(): Promise<Omit<Started, 'model'>> {
  const recorder = new RecordingGPU();
  const backend = await WebGPUBackend.create({ gpu: recorder.gpu });
  const programs: Program[] = [];
  const prepare = backend.prepare.bind(backend);
  backend.prepare = (program, variables) => {
    const arranged = arrange(program, variables, backend.traits);
    verifyProgram(arranged);
    programs.push(arranged);
    return prepare(program, variables);
  };
  return { recorder, engine: new Engine(backend), programs };
}

/** The network of the benchmark, on a GPU that only records calls. */
async function started(optimizer: Optimizer = adam(), frozen = -1, units = 10): Promise<Started> {
  const { recorder, engine, programs } = await recordingEngine();
  const sizes = [128, 64].map((size) => dense({ units: size, activation: 'relu' }));
  const model = sequential([...sizes, dense({ units, activation: 'softmax' })], { engine, seed: 1 });
  model.build([784]);
  const layer = model.layers[frozen];
  if (layer) layer.trainable = false;
  model.compile({ optimizer, loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  return { recorder, engine, model, programs };
}

const labels = (units: number): HostTensor => tensor(new Float32Array(64 * units), [64, units]);

/** Parameter updates in the latest program: for each, the parameters that it covers. */
function updatesOf({ programs, model }: Pick<Started, 'programs' | 'model'>): string[] {
  const { steps, buffers, variables } = programs.at(-1)!;
  const parameters = new Set(model.layers.flatMap(({ weights }) => weights.map((weight) => weight.variable.name)));
  const nameOf = (index: number): string => {
    const { location } = buffers[index]!;
    return location.kind === 'variable' ? variables[location.index]!.name : '';
  };
  return steps
    .flatMap(({ outputs }) => outputs.map((index) => (buffers[index]!.members ?? [index]).map(nameOf)))
    .filter((names) => parameters.has(names[0]!))
    .map((names) => names.join(' '));
}

const all = 'dense/kernel dense_1/kernel dense_2/kernel dense/bias dense_1/bias dense_2/bias';

describe('a training step on WebGPU', () => {
  it('updates all parameters in one dispatch', async () => {
    const run = await started();
    await run.model.trainOnBatch(x, labels(10));
    expect(updatesOf(run)).toEqual([all]);
    const [dispatches = []] = run.recorder.submits;
    // Adam's corrected rate, a scalar, is computed in the same kernel as an epoch sum.
    expect(dispatches.filter((label) => label.endsWith(' adam/elementwise'))).toHaveLength(1);
    // A step of `fit` has 32: six updates are merged, and the first product takes two dispatches. Three more check the new
    // weights and the optimizer state for non-finite values.
    expect(dispatches).toHaveLength(35);
    expect(run.recorder.faults).toEqual([]);
  });

  it('prints what it stretches over', async () => {
    const run = await started(sgd());
    await run.model.trainOnBatch(x, labels(10));
    const lines = printProgram(run.programs[0]!).split('\n');
    expect(lines.find((line) => line.includes(' … '))).toMatchInlineSnapshot(
      `" 26  sgd/elementwise (skeleton)  @12+0 … @12+437504[109386] sgd/learningRate[] dense/kernel … dense_2/bias[109386] -> dense/kernel … dense_2/bias[109386]*  { v3 = mul(v0, v1); v4 = sub(v2, v3) -> v4 }"`,
    );
  });

  it.each([
    ['sgd', sgd()],
    ['sgd with Nesterov momentum', sgd({ momentum: 0.9, nesterov: true })],
    ['rmsprop', rmsprop({ momentum: 0.9, centered: true })],
    ['adagrad', adagrad()],
    ['adamax', adamax()],
    ['adamw', adamw()],
    [
      'amsgrad, under a schedule',
      adam({ amsgrad: true, learningRate: cosineDecay({ initialLearningRate: 0.1, decaySteps: 9 }) }),
    ],
    ['all gradients clipped together', adam({ globalClipNorm: 1 })],
    ['each element clipped', adam({ clipValue: 1 })],
  ])('does so with %s', async (_, optimizer) => {
    const run = await started(optimizer);
    await run.model.trainOnBatch(x, labels(10));
    expect(updatesOf(run)).toEqual([all]);
    expect(run.recorder.faults).toEqual([]);
  });

  it('leaves apart what has a formula of its own: decay for kernels alone, clipping by each norm', async () => {
    const decay = await started(adamw({ excludeFromWeightDecay: ['bias'] }));
    await decay.model.trainOnBatch(x, labels(10));
    expect(updatesOf(decay)).toEqual([
      'dense/kernel dense_1/kernel dense_2/kernel',
      'dense/bias dense_1/bias dense_2/bias',
    ]);
    const clipped = await started(adam({ clipNorm: 1 }));
    await clipped.model.trainOnBatch(x, labels(10));
    expect(updatesOf(clipped).sort()).toEqual(all.split(' ').sort());
    expect([...decay.recorder.faults, ...clipped.recorder.faults]).toEqual([]);
  });

  it('leaves out a frozen layer, whether or not the model predicted before', async () => {
    for (const predicts of [false, true]) {
      const run = await started(adam(), 1);
      if (predicts) await run.model.predict(x);
      await run.model.trainOnBatch(x, labels(10));
      expect(updatesOf(run)).toEqual(['dense/kernel', 'dense_2/kernel dense/bias', 'dense_2/bias']);
      expect(run.recorder.faults).toEqual([]);
    }
  });

  it('takes parameters of one element too', async () => {
    const run = await started(adam(), -1, 1);
    await run.model.trainOnBatch(x, labels(1));
    expect(updatesOf(run)).toEqual([all]);
  });
});

describe('a network of many kinds of layers', () => {
  const words = tensor(new Int32Array(8 * 6), [8, 6]);
  const targets = tensor(new Float32Array(8 * 2), [8, 2]);
  const build = (engine: Engine): Model =>
    sequential(
      [
        embedding({ inputDim: 20, outputDim: 5, inputShape: [6] }),
        bidirectional(lstm({ units: 7, returnSequences: true })),
        layerNormalization(),
        timeDistributed(dense({ units: 9, activation: 'gelu', kernelRegularizer: l2({ l2: 0.1 }) })),
        gru({ units: 3 }),
        dense({ units: 2 }),
      ],
      { engine, seed: 2 },
    );

  it('has few updates: apart are a regularized kernel, and a bias whose gradient is computed on the way', async () => {
    const { recorder, engine, programs } = await recordingEngine();
    const model = build(engine);
    model.compile({ optimizer: adamw({ excludeFromWeightDecay: ['bias', 'beta', 'gamma'] }), loss: 'mse' });
    await model.trainOnBatch(words, targets);
    expect(updatesOf({ programs, model })).toMatchInlineSnapshot(`
      [
        "embedding/embeddings bidirectional/forward/kernel bidirectional/forward/recurrentKernel bidirectional/backward/kernel bidirectional/backward/recurrentKernel",
        "timeDistributed/dense/kernel",
        "gru/kernel gru/recurrentKernel",
        "gru/bias",
        "dense/kernel",
        "bidirectional/forward/bias bidirectional/backward/bias layerNormalization/gamma layerNormalization/beta timeDistributed/dense/bias dense/bias",
      ]
    `);
    expect(recorder.faults).toEqual([]);
  });

  it('shares layers with another that trains too', async () => {
    const { recorder, engine } = await recordingEngine();
    const first = build(engine);
    first.compile({ optimizer: adam(), loss: 'mse' });
    await first.trainOnBatch(words, targets);
    const second = sequential([...first.layers.slice(0, -1), dense({ units: 2 })], { engine, seed: 3 });
    second.compile({ optimizer: sgd({ momentum: 0.9 }), loss: 'mse' });
    await second.trainOnBatch(words, targets);
    first.dispose();
    await second.trainOnBatch(words, targets);
    second.dispose();
    expect(engine.info.stateBytes).toBe(0);
    expect(recorder.faults).toEqual([]);
  });
});

describe('the memory that parameters share', () => {
  it('is counted, and goes with the last of them', async () => {
    const { recorder, engine, model } = await started();
    await model.trainOnBatch(x, labels(10));
    const trained = engine.info.stateBytes;
    expect(trained + engine.info.arenaBytes).toBe(recorder.bytes - stagingBytes(recorder));
    model.compile({ optimizer: sgd(), loss: 'mse' });
    const parameters = 4 * model.countParams();
    expect(trained - engine.info.stateBytes).toBeGreaterThan(2 * parameters); // mean and mean square
    expect(engine.info.stateBytes).toBeGreaterThanOrEqual(parameters);
    model.dispose();
    expect(engine.info.stateBytes).toBe(0);
    expect(recorder.bytes).toBe(stagingBytes(recorder));
    engine.dispose();
  });

  it('is split where one buffer would be larger than every device binds', () => {
    const recorded: number[] = [];
    const allocate = (type: TensorType): BackendBuffer => (recorded.push(type.shape[0]!), { type });
    const requests = [10, 10, 10, 10, 10, 40, 1].map((millions, index) => ({
      type: { shape: [millions * 1_000_000], dtype: 'float32' as const },
      label: `p${index}`,
      group: 'parameters',
    }));
    const buffers = allocateArenas(requests, allocate);
    expect(recorded).toEqual([30_000_000, 20_000_000, 40_000_000, 1_000_000]);
    expect(buffers.map(({ arena }) => arena?.parts)).toEqual([3, 3, 3, 2, 2, undefined, undefined]);
    expect(buffers.map(({ type }) => type)).toEqual(requests.map(({ type }) => type));
  });
});

const stagingBytes = ({ buffers }: RecordingGPU): number =>
  buffers.reduce((sum, { label, size }) => sum + (label === 'staging' ? size : 0), 0);
