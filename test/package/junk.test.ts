/**
 * Junk in every argument of every public function, class and method: what comes back is an error of gradlet's own or a
 * result, never an error from inside.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as gradlet from '../../src/index.ts';

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

/** Arguments that are valid: each is replaced by junk in turn. The ops are in `test/ops/arguments.test.ts`. */
const calls: Readonly<Record<string, readonly unknown[]>> = {
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
      if (!(error instanceof gradlet.GradletError)) found.add(`${name}: ${String(error)}`);
    }
  }
  return [...found];
}

/** Awaits promises alone: junk that comes back may have a method `then`. */
function settled(result: unknown): unknown {
  return result instanceof Promise ? result : undefined;
}

const own = exported.filter(([name, value]) => typeof value === 'function' && !isClass(value) && name in calls);

test('functions', async () => {
  const found: string[] = [];
  for (const [name, value] of own) found.push(...(await rawErrors(name, value as () => unknown, calls[name]!)));
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
