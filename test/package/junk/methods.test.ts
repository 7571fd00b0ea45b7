/** Invalid values in every argument of the methods of all other classes. */
import { expect, test } from 'vitest';
import * as gradlet from '../../../src/index.ts';
import {
  backends,
  calls,
  executable,
  methodsOf,
  modelOf,
  node,
  rawErrors,
  results,
  trained,
} from '../../support/junk.ts';
import { compileGraph } from '../../../src/compiler/compile.ts';

test('methods of engines, backends, executables, models, stores and callbacks', async () => {
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
    ...(['memoryStore', 'fileStore', 'indexedDBStore'] as const).map((name) => [
      name,
      () => gradlet[name](...(calls[name] as [])),
      { read: ['a'], write: ['a', { format: 1, adapter: 'a', kernels: {} }] },
    ] as const),
    ...(await backends()).map((backend) => [
      backend.constructor.name,
      () => backend,
      {
        allocate: [{ shape: [2], dtype: 'float32' }, 'x'], write: [backend.allocate({ shape: [2], dtype: 'float32' }, 'x'), new Float32Array(2), 0],
        read: [backend.allocate({ shape: [2], dtype: 'float32' }, 'x'), new Float32Array(2)], release: [backend.allocate({ shape: [2], dtype: 'float32' }, 'x')],
        prepare: [compileGraph({ outputs: { y: node }, updates: [] }, backend.name).program, []], check: [{}], finished: [], dispose: [],
        allocateTogether: [[{ type: { shape: [2], dtype: 'float32' }, label: 'x', group: '' }]],
      },
    ] as const),
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

/**
 * Functions whose results have rows above, or are values: an engine, a model or a layer; a node; what is read from a file. The
 * methods of all other results are called.
 */
const withRows = [gradlet.Engine, gradlet.Executable, gradlet.Model, gradlet.HostTensor, gradlet.Layer];
const hasMethods = (made: unknown): made is Record<string, (...given: unknown[]) => unknown> =>
  typeof made === 'object' &&
  made !== null &&
  /^\[object (?!.*Array|Map|String)/.test(Object.prototype.toString.call(made)) &&
  withRows.every((known) => !(made instanceof known)) &&
  methodsOf(made).length > 0;

test('methods of what functions return', async () => {
  const found: string[] = [];
  const seen: string[] = [];
  for (const [name, made] of await results()) {
    if (made instanceof gradlet.Engine) made.dispose();
    if (!hasMethods(made)) continue;
    seen.push(name);
    for (const method of methodsOf(made)) {
      const call = (...given: unknown[]): unknown => made[method]!(...given);
      found.push(...(await rawErrors(`${name}().${method}`, call, [undefined, undefined])));
    }
  }
  expect(found).toEqual([]);
  // At least some of each kind, because the list is discovered, not written by hand.
  for (const name of ['heNormal', 'l2', 'auc', 'adam', 'cosineDecay', 'tokenizer', 'earlyStopping', 'fileStore', 'indexedDBStore']) {
    expect(seen).toContain(name);
  } // prettier-ignore
});
