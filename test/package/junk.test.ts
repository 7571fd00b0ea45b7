/**
 * Junk in every argument of every public function, class and method: what comes back is an error of gradlet's own or a
 * result, never an error from inside.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as gradlet from '../../src/index.ts';
import { opCalls } from '../support/op-calls.ts';

const exported = Object.entries(gradlet) as readonly (readonly [string, unknown])[];
const node = gradlet.constant(new Float32Array(4), [2, 2]);
const integers = gradlet.constant(new Int32Array(2), [2]);
const host = gradlet.tensor([[1, 2], [3, 4]]); // prettier-ignore

const junk: readonly unknown[] = [
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

const engine = new gradlet.Engine(new gradlet.ReferenceBackend());
const trained = modelOf();
const saved = await trained.save();
const executable = await engine.compile({ outputs: { y: gradlet.relu(node) } });

function modelOf(): gradlet.Model {
  const model = gradlet.sequential([gradlet.dense({ units: 2, inputShape: [2] })], { engine });
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  return model;
}

/** Arguments that are valid: each is replaced by junk in turn. Those of the ops come from `test/support/op-calls.ts`. */
const calls: Readonly<Record<string, readonly unknown[]>> = {
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
  createEngine: [{ backend: 'wasm' }],
  tune: [engine, { outputs: { y: node } }, { store: gradlet.memoryStore() }],
  loadTuning: [engine, gradlet.memoryStore()],
  fileStore: ['build/junk-tuning.json'],
  indexedDBStore: ['junk'],
  tensor: [[[1, 2]], [1, 2], { scale: 2 }],
  parameter: [[2], { seed: 1 }],
  input: [[2], { name: 'x' }],
  gradients: [gradlet.sum(node), [node]],
  withScope: ['scope', () => 1],
  printGraph: [{ outputs: { y: node } }],
  printProgram: [executable.program],
  model: [{ inputs: gradlet.input({ shape: [2] }), outputs: gradlet.input({ shape: [2] }) }],
  load: [saved, { layers: gradlet.layerRegistry, engine }],
  loadWeights: [trained, saved],
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
  loadModel: [new Uint8Array(8), { layers: gradlet.layerRegistry }],
  batches: [[host, host], {}],
  trainTestSplit: [[host, host], {}],
  padSequences: [[[1], [2, 3]], {}],
  tokenizer: [{}],
  memoryStore: [],
  recurrentWeightsFromPyTorch: ['lstm', new Map(), {}],
  recurrentWeightsToPyTorch: ['lstm', [host, host], {}],
  meanSquaredError: [node, node],
  binaryCrossentropy: [node, node],
  sparseCategoricalCrossentropy: [integers, node],
};

/** Of the same names as methods that are marked private or protected in src. */
const hidden = new Set(
  readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => [
      ...readFileSync(join('src', name), 'utf8').matchAll(
        /(?:private|protected)\s+(?:override |static |async |get |set |readonly |\*)*(\w+)/g,
      ),
    ]) // prettier-ignore
    .map(([, name]) => name!),
);

const isClass = (value: unknown): boolean => typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value)); // prettier-ignore

/** The errors from inside that `call` ends in, whatever place the junk is in. */
async function rawErrors(
  name: string,
  call: (...given: unknown[]) => unknown,
  valid: readonly unknown[],
): Promise<string[]> {
  const found = new Set<string>();
  const places = Math.max(valid.length, 1);
  const attempts: unknown[][] = [[], [...valid, 1], [...Array.from({ length: 9 }, () => null)]];
  for (let place = 0; place < places; place++) {
    for (const value of junk) attempts.push(Object.assign([...valid], { [place]: value }));
  }
  for (const given of attempts) {
    try {
      await settled(call(...given));
    } catch (error) {
      // What a function of the caller's own throws is the caller's.
      const isOwn = String(error).includes('Class constructor Nothing');
      if (!(error instanceof gradlet.GradletError) && !isOwn) found.add(`${name}: ${String(error)}`);
    }
  }
  return [...found];
}

/** Awaits promises alone: junk that comes back may have a method `then`. One that never settles is a fault. */
async function settled(result: unknown): Promise<void> {
  if (!(result instanceof Promise)) return;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const never = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it does not settle')), 5000);
  });
  const made: unknown = await Promise.race([result, never]).finally(() => clearTimeout(timer));
  if (made instanceof gradlet.Engine && made !== engine) made.dispose();
}

/** What is no function, or is not called with junk, and why. */
const excluded: Readonly<Record<string, string>> = {
  layerRegistry: 'an object; its functions are given junk below',
  Layer: 'abstract: the factories of layers call its constructor',
  ...Object.fromEntries(
    exported
      .filter(
        ([name, value]) =>
          isClass(value) && (name === 'GradletError' || Object.getPrototypeOf(value) === gradlet.GradletError),
      )
      .map(([name]) => [name, 'an error, which converts its message as every Error does']),
  ),
};

type Constructor = new (...given: unknown[]) => object;

/** Valid arguments of the constructors; of `create` where that is how an instance is made. */
const constructors: Readonly<Record<string, readonly unknown[]>> = {
  Engine: [new gradlet.ReferenceBackend()],
  Executable: [],
  ReferenceBackend: [],
  WasmBackend: [{ threads: 1 }],
  WebGPUBackend: [{}],
  HostTensor: [new Float32Array(2), [2], 1, 0],
  Model: [[gradlet.dense({ units: 2 })], {}],
  Batches: [[host, host], {}],
  Tokenizer: [{}, ['a']],
};

test('constructors', async () => {
  const found: string[] = [];
  for (const [name, valid] of Object.entries(constructors)) {
    const made = (gradlet as unknown as Record<string, Constructor & { create?: (...given: unknown[]) => unknown }>)[
      name
    ]!;
    const call = made.create
      ? (...given: unknown[]) => made.create!(...given)
      : (...given: unknown[]) => new made(...given);
    found.push(...(await rawErrors(name, call, valid)));
  }
  expect(found).toEqual([]);
});

const sequence = gradlet.constant(new Float32Array(12), [2, 3, 2]);
const ids = gradlet.constant(new Int32Array(6), [2, 3]);
const unlike: Readonly<Record<string, readonly gradlet.Node[]>> = { embedding: [ids] };
for (const kind of ['gru', 'lstm', 'simpleRNN', 'bidirectional', 'timeDistributed'])
  Object.assign(unlike, { [kind]: [sequence] });
for (const kind of ['add', 'average', 'multiply', 'concatenate']) Object.assign(unlike, { [kind]: [node, node] });

test.each(Object.keys(gradlet.layerRegistry))('methods of the layer %s', async (kind) => {
  const inputs = unlike[kind] ?? [node];
  const shapes = inputs.map(({ shape }) => shape.slice(1));
  const factory = { add: 'addLayer', average: 'averageLayer', multiply: 'multiplyLayer', concatenate: 'concatenateLayer', input: 'inputLayer', reshape: 'reshapeLayer' }[kind] ?? kind; // prettier-ignore
  const make = (): gradlet.Layer =>
    (gradlet as unknown as Record<string, (...given: readonly unknown[]) => gradlet.Layer>)[factory]!(
      ...calls[factory]!,
    );
  const context = { training: true, iterations: gradlet.constant(0, [], 'int32') };
  const masks = inputs.map(() => undefined);
  const valid: Readonly<Record<string, readonly unknown[]>> = {
    outputShape: [shapes],
    outputShapes: [shapes],
    call: [inputs, context, masks],
    callAll: [inputs, context, masks],
    computeMask: [inputs, masks],
    apply: [shapes.map((shape) => gradlet.input({ shape }))],
    build: [shapes, [0, 0]],
    checkData: ['fit', 'x', gradlet.tensor([[0, 1]])],
    copy: [{}],
    config: [],
    penalties: [],
  };
  const found: string[] = [];
  const methods = [...new Set([...methodsOf(make()), ...Object.keys(valid).filter((name) => name in make())])];
  for (const name of methods) {
    for (const isBuilt of [false, true]) {
      const call =
        (layer: gradlet.Layer) =>
        (...given: unknown[]): unknown => {
          if (isBuilt) layer.build(shapes, [0, 0] as never);
          return (layer as unknown as Record<string, (...given: unknown[]) => unknown>)[name]!(...given);
        };
      if (isBuilt && name !== 'apply') call(make())(...valid[name]!); // the row is valid
      found.push(
        ...(await rawErrors(`${kind}.${name}`, (...given) => call(make())(...given), valid[name] ?? ['no row'])),
      );
    }
  }
  const ofConfig = gradlet.layerRegistry[kind] as (...given: unknown[]) => unknown;
  found.push(...(await rawErrors(`layerRegistry.${kind}`, ofConfig, [make().config(), gradlet.layerRegistry])));
  expect(found).toEqual([]);
});

test('methods of engines, executables, models and callbacks', async () => {
  const parameter = gradlet.parameter([2]);
  const data = [[[1, 2]], [[1, 2]]] as const; // prettier-ignore
  const made: readonly (readonly [string, () => object, Readonly<Record<string, readonly unknown[]>>])[] = [
    ['Engine', () => new gradlet.Engine(new gradlet.ReferenceBackend()), {
      compile: [{ outputs: { y: node } }, {}], allocate: [[parameter], undefined], write: [parameter, new Float32Array(2), 0],
      read: [parameter, new Float32Array(2)], release: [[parameter]], finished: [], dispose: [],
    }],
    ['Executable', () => executable, { run: [1], read: ['y', new Float32Array(4)], dispose: [] }],
    ['Model', modelOf, {
      build: [[2]], compile: [{ optimizer: 'sgd', loss: 'mse' }], fit: [...data, { epochs: 1, verbose: 0 }], evaluate: [...data, {}],
      predict: [data[0], {}], trainOnBatch: data, testOnBatch: data, getWeights: [], setWeights: [[]], countParams: [], summary: [],
      save: [{}], checkpoint: [], resume: [1, 0.1], dispose: [],
    }],
    ['HostTensor', () => gradlet.tensor([1], [1], { scale: 2 }), { applyScale: ['x'], toArray: [], toConstant: [] }],
    ['Tokenizer', () => gradlet.tokenizer({}).fit(['a']), { fit: [['a']], encode: ['a'], encodeAll: [['a']], decode: [[1]], toJSON: [] }],
    ['memoryStore', () => gradlet.memoryStore(), { read: ['a'], write: ['a', { format: 1, adapter: 'a', kernels: {} }] }],
    ...(['earlyStopping', 'reduceLROnPlateau', 'learningRateScheduler'] as const).map((name) => [
      name,
      () => (name === 'learningRateScheduler' ? gradlet[name](() => 1) : gradlet[name]()),
      {
        onTrainBegin: [trained], onTrainEnd: [{ val_loss: 1 }, trained], onEpochBegin: [0, trained],
        onEpochEnd: [0, { val_loss: 1 }, trained],
      },
    ] as const),
  ]; // prettier-ignore
  const found: string[] = [];
  for (const [kind, make, valid] of made) {
    for (const name of methodsOf(make())) {
      const call = (...given: unknown[]): unknown =>
        (make() as Record<string, (...given: unknown[]) => unknown>)[name]!(...given);
      if (!(name in valid)) found.push(`${kind}.${name}: no row`);
      else found.push(...(await rawErrors(`${kind}.${name}`, call, valid[name]!)));
    }
  }
  expect(found).toEqual([]);
});

const functions = exported.filter(([, value]) => typeof value === 'function' && !isClass(value));
const own = functions.filter(([name]) => name in calls && !(name in opCalls));

test('every export has a row', () => {
  const rows = new Set([...Object.keys(calls), ...Object.keys(constructors), ...Object.keys(excluded)]);
  expect(exported.map(([name]) => name).filter((name) => !rows.has(name))).toEqual([]);
});

test('functions', async () => {
  const found: string[] = [];
  for (const [name, value] of functions) found.push(...(await rawErrors(name, value as () => unknown, calls[name]!)));
  expect(found).toEqual([]);
});

/** What makes initializers, metrics, optimizers, schedules and tokenizers. */
const withMethods = new Set(
  ['constantInitializer', 'glorotNormal', 'glorotUniform', 'heNormal', 'heUniform', 'lecunNormal', 'lecunUniform', 'ones', 'zeros', 'orthogonal', 'randomNormal', 'randomUniform', 'truncatedNormal', 'l1', 'l2', 'l1l2', 'lossMetric', 'binaryAccuracy', 'topKCategoricalAccuracy', 'f1Score', 'precision', 'recall', 'auc', 'confusionMatrixMetric', 'adagrad', 'adam', 'adamax', 'adamw', 'rmsprop', 'sgd', 'cosineDecay', 'exponentialDecay', 'inverseTimeDecay', 'polynomialDecay', 'piecewiseConstant', 'linearWarmup', 'sequential', 'batches', 'tokenizer', 'huber'], // prettier-ignore
);

test('the methods of what they return', async () => {
  const found: string[] = [];
  for (const [name, value] of own.filter(([name]) => withMethods.has(name))) {
    const made = (value as (...given: readonly unknown[]) => object)(...calls[name]!);
    for (const method of methodsOf(made)) {
      const call = (...given: unknown[]): unknown => {
        const fresh = (value as (...given: readonly unknown[]) => Record<string, (...given: unknown[]) => unknown>)(
          ...calls[name]!,
        );
        return fresh[method]!(...given);
      };
      found.push(...(await rawErrors(`${name}().${method}`, call, [undefined, undefined])));
    }
  }
  expect(found).toEqual([]);
});

function methodsOf(made: object): string[] {
  const names = new Set<string>();
  for (
    let level: object = made;
    level !== Object.prototype && level !== Function.prototype;
    level = Object.getPrototypeOf(level) as object
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (typeof value === 'function' && name !== 'constructor' && !hidden.has(name)) names.add(name);
    }
  }
  return [...names];
}

test('options that do not exist, and arguments too many, are refused', async () => {
  const taken: string[] = [];
  const refuses = async (call: () => unknown): Promise<boolean> => {
    try {
      await settled(call());
      return false;
    } catch (error) {
      return error instanceof gradlet.GradletError;
    }
  };
  for (const [name, value] of own) {
    const call = value as (...given: unknown[]) => unknown;
    const valid = calls[name]!;
    if (!(await refuses(() => call(...valid, undefined)))) taken.push(`${name}(…, undefined)`);
    if (['loadTuning', 'printProgram', 'tokenizerFromJSON'].includes(name)) continue; // no options: the last is a store, a program, a file
    const last = valid.at(-1);
    if (typeof last !== 'object' || last === null || last === node || Object.getPrototypeOf(last) !== Object.prototype)
      continue;
    if (!(await refuses(() => call(...valid.slice(0, -1), { ...last, notAnOption: 1 })))) taken.push(`${name}({ notAnOption })`); // prettier-ignore
    for (const bare of [null, 0.5, 'x', true, [1], new Float32Array(1), () => 1, Symbol('s'), 1n]) {
      if (!(await refuses(() => call(...valid.slice(0, -1), bare)))) taken.push(`${name}(${String(bare)})`);
    }
  }
  expect(taken).toEqual([]);
});

test('setters take what constructors take', () => {
  const layer = gradlet.dense({ units: 1, inputShape: [1] });
  const model = gradlet.sequential([layer]);
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  const set: readonly (readonly [object, string, readonly unknown[]])[] = [
    [model, 'learningRate', [NaN, -1, Infinity, '0.1', null, undefined, 1n]],
    [model, 'stopTraining', [3, 'yes', null, undefined]],
    [layer, 'trainable', ['no', 0, null, undefined]],
    [layer, 'name', [3, 'a/b', null, undefined]],
  ];
  for (const [object, name, values] of set) {
    for (const value of values) expect(() => Object.assign(object, { [name]: value }), `${name} = ${String(value)}`).toThrow(gradlet.ValueError); // prettier-ignore
  }
  for (const weights of [[[[1]], [0]], [1, 2], null, 'x', [null, null]]) {
    expect(() => model.setWeights(weights as never)).toThrow(gradlet.GradletError);
  }
});
