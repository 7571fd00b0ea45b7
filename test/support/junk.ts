/**
 * Invalid values for every argument of the public API: the values, valid calls whose arguments they replace one at a time, and
 * the errors that calls throw. Used by `test/package/junk`.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as gradlet from '../../src/index.ts';
import { FakeDevice } from './fake-device.ts';
import { opCalls } from './op-calls.ts';

export const exported = Object.entries(gradlet) as readonly (readonly [string, unknown])[];
export const node: gradlet.Node = gradlet.constant(new Float32Array(4), [2, 2]);
const integers = gradlet.constant(new Int32Array(2), [2]);
export const host: gradlet.HostTensor = gradlet.tensor([[1, 2], [3, 4]]); // prettier-ignore

export const junk: readonly unknown[] = [
  undefined,
  null,
  NaN,
  -1,
  1.5,
  1e300,
  '',
  'x',
  true,
  10n,
  Symbol('s'),
  {},
  [],
  [undefined],
  [[1], [1, 2]],
  new Float32Array(2),
  new DataView(new ArrayBuffer(4)),
  () => undefined,
  class Nothing {},
  new Date(0),
  new Map(),
  Promise.resolve(1),
  new Proxy({}, {}),
  node,
  host,
  gradlet.dense({ units: 2 }),
  { length: -1 },
  { length: 2 },
  { shape: [2, -1] },
  { name: 5 },
  { notAnOption: 1 },
  [null],
  ['x'],
];

export const engine: gradlet.Engine = new gradlet.Engine(new gradlet.ReferenceBackend());
export const trained: gradlet.Model = modelOf();
const saved = await trained.save();
export const executable: gradlet.Executable = await engine.compile({ outputs: { y: gradlet.relu(node) } });

const place = gradlet.input({ shape: [2] });

export function modelOf(): gradlet.Model {
  const model = gradlet.sequential([gradlet.dense({ units: 2, inputShape: [2] })], { engine });
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  return model;
}

/** Valid arguments, replaced by invalid values one at a time. Those of the ops are in `test/support/op-calls.ts`. */
export const calls: Readonly<Record<string, readonly unknown[]>> = {
  ...opCalls,
  ...Object.fromEntries(
    [
      'hinge', 'klDivergence', 'logCosh', 'meanAbsoluteError', 'squaredHinge', 'binaryCrossentropyFromLogits', 'categoricalCrossentropy', 'categoricalCrossentropyFromLogits',
    ].map((name) => [name, [node, node]]),
  ), // prettier-ignore
  ...Object.fromEntries(
    ['accuracy', 'categoricalAccuracy', 'meanAbsoluteErrorMetric', 'meanSquaredErrorMetric', 'rootMeanSquaredError', 'sparseCategoricalAccuracy'].map((name) => [name, []]),
  ), // prettier-ignore
  sparseCategoricalCrossentropyFromLogits: [integers, node],
  createEngine: [
    {
      backend: 'wasm',
      gpu: new FakeDevice().gpu,
      onCompile: () => undefined,
      work: 1,
      threads: 1,
      worker: false,
      workerUrl: 'x',
    },
  ],
  tune: [engine, { outputs: { y: node } }, { store: gradlet.memoryStore() }],
  loadTuning: [engine, gradlet.memoryStore()],
  fileStore: [join(tmpdir(), 'gradlet-junk-tuning.json')],
  indexedDBStore: ['junk'],
  tensor: [[[1, 2]], [1, 2], { scale: 2 }],
  parameter: [[2], { seed: 1 }],
  input: [[2], { name: 'x' }],
  gradients: [gradlet.sum(node), [node]],
  withScope: ['scope', () => 1],
  printGraph: [{ outputs: { y: node } }],
  printProgram: [executable.program],
  model: [{ inputs: place, outputs: gradlet.dense({ units: 1 }).apply(place) }],
  load: [saved, { layers: gradlet.layerRegistry, engine }],
  loadWeights: [trained, await gradlet.saveWeights(trained)],
  save: [trained, {}],
  saveWeights: [trained],
  decodeSafetensors: [saved],
  encodeSafetensors: [new Map([['x', host]]), new Map()],
  tokenizerFromJSON: [gradlet.tokenizer({}).fit(['a b']).toJSON()],
  activation: [{ activation: 'relu' }],
  addLayer: [{}],
  averageLayer: [{}],
  multiplyLayer: [{}],
  flatten: [{}],
  dense: [{ units: 2 }],
  dropout: [{ rate: 0.5 }],
  embedding: [{ inputDim: 3, outputDim: 2 }],
  gru: [{ units: 2 }],
  lstm: [{ units: 2 }],
  simpleRNN: [{ units: 2 }],
  inputLayer: [{ shape: [2] }],
  reshapeLayer: [{ targetShape: [2] }],
  batchNormalization: [{}],
  layerNormalization: [{}],
  concatenateLayer: [{}],
  bidirectional: [gradlet.lstm({ units: 2 }), {}],
  timeDistributed: [gradlet.dense({ units: 2 }), {}],
  constantInitializer: [{}],
  glorotNormal: [{}],
  glorotUniform: [{}],
  heNormal: [{}],
  heUniform: [{}],
  lecunNormal: [{}],
  lecunUniform: [{}],
  ones: [{}],
  zeros: [{}],
  orthogonal: [{}],
  randomNormal: [{}],
  randomUniform: [{}],
  truncatedNormal: [{}],
  l1: [{}],
  l2: [{}],
  l1l2: [{}],
  huber: [{}],
  lossMetric: ['loss', gradlet.meanSquaredError],
  binaryAccuracy: [{}],
  topKCategoricalAccuracy: [{}],
  f1Score: [{}],
  precision: [{}],
  recall: [{}],
  auc: [{}],
  confusionMatrixMetric: [{}],
  confusionMatrix: [[0, 1], [1, 1], {}], // prettier-ignore
  classificationReport: [[0, 1], [1, 1], {}], // prettier-ignore
  predictedClasses: [[[0.1, 0.9]], {}],
  rocAuc: [[0, 1], [0.1, 0.9]], // prettier-ignore
  adagrad: [{}],
  adam: [{}],
  adamax: [{}],
  adamw: [{}],
  rmsprop: [{}],
  sgd: [{}],
  cosineDecay: [{ initialLearningRate: 1, decaySteps: 2 }],
  exponentialDecay: [{ initialLearningRate: 1, decaySteps: 2, decayRate: 0.5 }],
  inverseTimeDecay: [{ initialLearningRate: 1, decaySteps: 2, decayRate: 0.5 }],
  polynomialDecay: [{ initialLearningRate: 1, decaySteps: 2 }],
  piecewiseConstant: [{ boundaries: [1], values: [1, 2] }],
  linearWarmup: [{ warmupSteps: 2, after: 1 }],
  sequential: [[gradlet.dense({ units: 2, inputShape: [2] })], {}],
  earlyStopping: [{}],
  reduceLROnPlateau: [{}],
  learningRateScheduler: [() => 1],
  loadModel: [saved, { layers: gradlet.layerRegistry, engine }],
  batches: [[host, host], {}],
  trainTestSplit: [[host, host], {}],
  padSequences: [[[1], [2, 3]], {}],
  tokenizer: [{}],
  memoryStore: [],
  recurrentWeightsFromPyTorch: ['simpleRNN', { weight_ih_l0: host, weight_hh_l0: host }, {}],
  recurrentWeightsToPyTorch: ['simpleRNN', [host, host], {}],
  meanSquaredError: [node, node],
  binaryCrossentropy: [node, node],
  sparseCategoricalCrossentropy: [integers, node],
};

/** The private and protected members of each class in src. */
const hidden = new Map<string, Set<string>>();
for (const name of readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))) {
  for (const text of readFileSync(join('src', name), 'utf8').split(/^(?=(?:export )?(?:abstract )?class )/m)) {
    const [, kind] = /^(?:export )?(?:abstract )?class (\w+)/.exec(text) ?? [];
    const members = text.matchAll(
      /(?:private|protected)\s+(?:(?:override|static|async|get|set|readonly|abstract) |\*)*(\w+)/g,
    );
    if (kind !== undefined) hidden.set(kind, new Set([...members].map(([, member]) => member!)));
  }
}

export const isClass = (value: unknown): boolean => typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value)); // prettier-ignore

/** The internal errors that `call` throws, for an invalid value in any argument. */
export async function rawErrors(
  name: string,
  call: (...given: unknown[]) => unknown,
  valid: readonly unknown[],
): Promise<string[]> {
  const found = new Set<string>();
  const places = Math.max(valid.length, 1);
  const attempts: unknown[][] = [[], [...valid, 1], [...Array.from({ length: 9 }, () => null)]];
  for (let place = 0; place < places; place++) {
    for (const value of junk) attempts.push(Object.assign([...valid], { [place]: value }));
    for (const options of optionsWithJunk(valid[place])) attempts.push(Object.assign([...valid], { [place]: options }));
  }
  for (const given of attempts) {
    try {
      await settled(call(...given));
    } catch (error) {
      // Errors thrown by the caller's own functions are not counted.
      const isOwn = String(error).includes('Class constructor Nothing');
      if (!(error instanceof gradlet.GradletError) && !isOwn) found.add(`${name}: ${String(error)}`);
    }
  }
  return [...found];
}

/** Copies of an options object, each with one invalid value. Excludes buffers and programs, which only gradlet creates. */
function* optionsWithJunk(options: unknown): Iterable<object> {
  if (typeof options !== 'object' || options === null || Object.getPrototypeOf(options) !== Object.prototype) return;
  if ('owner' in options || 'allocations' in options) return;
  for (const name of Object.keys(options)) for (const value of junk) yield { ...options, [name]: value };
}

/** Awaits promises only: a returned invalid value may have a method `then`. A promise that never settles is an error. */
export async function settled(result: unknown): Promise<void> {
  if (!(result instanceof Promise)) return;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const never = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it does not settle')), 5000);
  });
  const made: unknown = await Promise.race([result, never]).finally(() => clearTimeout(timer));
  if (made instanceof gradlet.Engine && made !== engine) made.dispose();
}

export function methodsOf(made: object): string[] {
  const names = new Set<string>();
  const hiddenHere = new Set<string>(['constructor']);
  for (let level = made; level !== Object.prototype && level !== Function.prototype;) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (typeof value === 'function') names.add(name);
    }
    for (const name of hidden.get(level.constructor.name) ?? []) hiddenHere.add(name);
    level = Object.getPrototypeOf(level) as object;
  }
  return [...names].filter((name) => !hiddenHere.has(name));
}

export type Constructor = new (...given: unknown[]) => object;

/** Valid arguments of the constructors, or of `create` for classes that use it. */
export const constructors: Readonly<Record<string, readonly unknown[]>> = {
  Engine: [new gradlet.ReferenceBackend()],
  Executable: [],
  ReferenceBackend: [],
  WasmBackend: [
    { threads: 1, worker: false, workerUrl: 'x', binary: 'simd', shareThreshold: 1, patience: 1, startPatience: 1 },
  ],
  WebGPUBackend: [{ gpu: new FakeDevice().gpu, onCompile: () => undefined, patience: 1 }],
  HostTensor: [new Float32Array(2), [2], 1, 0],
  Model: [[gradlet.dense({ units: 2 })], {}],
  Batches: [[host, host], {}],
  Tokenizer: [{}, ['a']],
};

/** One instance of each backend. WebGPU computes nothing here. */
export async function backends(): Promise<gradlet.Backend[]> {
  return [
    new gradlet.ReferenceBackend(),
    await gradlet.WasmBackend.create(),
    await gradlet.WebGPUBackend.create({ gpu: new FakeDevice().gpu }),
  ];
}

/** The result of each exported function, except ops, for its valid arguments. */
export async function results(): Promise<(readonly [name: string, result: unknown])[]> {
  const found: (readonly [string, unknown])[] = [];
  for (const [name, value] of exported) {
    if (typeof value !== 'function' || isClass(value) || !(name in calls) || name in opCalls) continue;
    try {
      found.push([name, await (value as (...given: readonly unknown[]) => unknown)(...calls[name]!)]);
    } catch (error) {
      throw new Error(`the row of ${name} is no valid call: ${String(error)}`, { cause: error });
    }
  }
  return found;
}
