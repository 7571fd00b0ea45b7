/** Tuning on a simulated device: the steps found, kernels tried and chosen, use in later compiles, and storage. */
import { describe, expect, it } from 'vitest';
import { ReferenceBackend } from '../../src/backends/reference/index.ts';
import { WasmBackend } from '../../src/backends/wasm/index.ts';
import { Engine } from '../../src/engine.ts';
import type { Graph } from '../../src/graph/node.ts';
import { relu } from '../../src/ops/elementwise/activation.ts';
import { add } from '../../src/ops/elementwise/arithmetic.ts';
import { matmul } from '../../src/ops/product/matmul.ts';
import { variable } from '../../src/ops/define.ts';
import { memoryStore, tuningFormat } from '../../src/tune/store.ts';
import type { TuningStore } from '../../src/tune/store.ts';
import { loadTuning, tune } from '../../src/tune/tune.ts';
import { FakeGPU } from '../support/fake-gpu.ts';

const costs = { plain: 0.7, 'small-tile': 0.4, 'medium-tile': 0.5, skeleton: 0.01 };
const key = 'matmul 32x48 48x64 64 {"transposeA":false,"transposeB":false,"activation":"relu","bias":2,"residual":0}';
const product = 'matmul 32x64 64x10 {"transposeA":false,"transposeB":false,"activation":"none","bias":0,"residual":0}';

/** Two products, of which the first has an epilogue. The shapes suggest medium tiles for it, and small ones for the second. */
function network(): Partial<Graph> {
  const hidden = relu(add(matmul(variable([32, 48]), variable([48, 64])), variable([64])));
  return { outputs: { y: matmul(hidden, variable([64, 10])) } };
}

function started(gpu: FakeGPU = new FakeGPU(costs)) {
  return { gpu, engine: new Engine(gpu), options: { store: memoryStore(), now: () => gpu.clock } };
}

async function kernelsOf(engine: Engine, graph = network()): Promise<string[]> {
  return (await engine.compile(graph)).program.steps.map(({ kernel }) => kernel);
}

/** Values other than plain objects that structured cloning supports. */
const kernelsThatAreNone = [
  [[key, 'plain']],
  new Map([[key, 'plain']]),
  new Set([key]),
  new Date(0),
  new Uint8Array(1e7),
  new ArrayBuffer(8),
  /a b/,
  new Error('a b'),
  'a b',
  5n,
];

const manyKernels = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`matmul ${index}`, 'plain']));

/** A store that works or fails, as configured. */
function failing(what: 'read' | 'write'): TuningStore {
  return { ...memoryStore(), [what]: () => Promise.reject(new Error('the disk is full')) };
}

describe('tune', () => {
  it('chooses for each product, and later compiles take the choice', async () => {
    const { engine, options } = started();
    expect(await kernelsOf(engine)).toEqual(['medium-tile', 'small-tile']);
    const { kernels, trials, reason } = await tune(engine, network(), options);
    expect(reason).toBe('');
    expect(kernels).toEqual({ [key]: 'small-tile', [product]: 'small-tile' });
    expect(Object.keys(trials)).toEqual([key, product]);
    expect(Object.keys(trials[key]!.milliseconds).sort()).toEqual(['medium-tile', 'plain', 'small-tile']);
    expect(await kernelsOf(engine)).toEqual(['small-tile', 'small-tile']);
  });

  it('keeps the choice of the shapes where nothing is clearly faster', async () => {
    const { engine, options } = started(new FakeGPU({ ...costs, 'medium-tile': 0.41 }));
    expect((await tune(engine, network(), options)).kernels[key]).toBe('medium-tile');
  });

  it('takes the programs that were compiled, without a graph', async () => {
    const { engine, options } = started();
    expect((await tune(engine, undefined, options)).kernels).toEqual({});
    await engine.compile(network());
    expect(Object.keys((await tune(engine, undefined, options)).kernels)).toEqual([key, product]);
  });

  it('measures a product once, whatever number of times it occurs', async () => {
    const { engine, options } = started();
    const twice = { outputs: { ...network().outputs, again: network().outputs!['y']! } };
    expect(Object.keys((await tune(engine, twice, options)).trials)).toEqual([key, product]);
    expect((await tune(engine, twice, options)).trials).toEqual({});
    expect(Object.keys((await tune(engine, twice, { ...options, again: true })).trials)).toEqual([key, product]);
  });

  it('tries what the device has, and passes over what it does not build', async () => {
    const { 'small-tile': _, ...fewer } = costs;
    const { gpu, engine, options } = started(new FakeGPU({ ...fewer, 'medium-tile': 2 }));
    const { outputs } = network();
    const hidden = outputs!['y']!.inputs[0]!;
    expect((await tune(engine, { outputs: { hidden } }, options)).kernels).toEqual({ [key]: 'plain' });
    expect(gpu.prepared.flat()).not.toContain('quads');
    const quads = started(new FakeGPU({ ...costs, quads: 0.1 }, 'fake processor', true));
    expect((await tune(quads.engine, network(), quads.options)).kernels[key]).toBe('quads');
  });

  it('lets go of all that it made', async () => {
    const { gpu, engine, options } = started();
    await tune(engine, network(), options);
    expect(gpu.alive).toBe(0);
    const broken = started();
    const error = new Error('lost');
    broken.gpu.finished = () => Promise.reject(error);
    await expect(tune(broken.engine, network(), broken.options)).rejects.toBe(error);
    expect(broken.gpu.alive).toBe(0);
  });

  it.each([
    ['wasm', () => WasmBackend.create()],
    ['reference', () => Promise.resolve(new ReferenceBackend())],
  ])('says that %s has nothing to choose', async (name, create) => {
    const engine = new Engine(await create());
    const { kernels, trials, reason } = await tune(engine, network(), { store: failing('read') });
    expect({ kernels, trials }).toEqual({ kernels: {}, trials: {} });
    expect(reason).toMatch(new RegExp(`^${name} has one kernel .* nothing to choose`));
    engine.dispose();
  });
});

describe('what is kept', () => {
  it('is found again by another engine on the same adapter, and not on another', async () => {
    const { engine, options } = started();
    await tune(engine, network(), options);
    const same = started();
    expect(await loadTuning(same.engine, options.store)).toEqual({ count: 2, reason: '' });
    expect(await kernelsOf(same.engine)).toEqual(['small-tile', 'small-tile']);
    expect((await tune(same.engine, network(), { ...options, now: () => NaN })).trials).toEqual({});
    const other = started(new FakeGPU(costs, 'another adapter'));
    expect(await loadTuning(other.engine, options.store)).toEqual({ count: 0, reason: '' });
    expect(await kernelsOf(other.engine)).toEqual(['medium-tile', 'small-tile']);
  });

  it('is added to what other pages have written', async () => {
    const { engine, options } = started();
    const others = { format: tuningFormat, adapter: 'fake adapter', kernels: { 'matmul 1x1 1x1 {}': 'plain' } };
    await options.store.write('fake adapter', others);
    await tune(engine, network(), options);
    const { kernels } = (await options.store.read('fake adapter')) as typeof others;
    expect(Object.keys(kernels)).toEqual(['matmul 1x1 1x1 {}', key, product]);
  });

  it.each<[string, unknown]>([
    ['nothing', null],
    ['no record', 'plain'],
    ['another format', { format: 0, adapter: 'fake adapter', kernels: { [key]: 'plain' } }],
    ['another adapter', { format: tuningFormat, adapter: 'other', kernels: { [key]: 'plain' } }],
    ['no kernels', { format: tuningFormat, adapter: 'fake adapter', kernels: null }],
    [
      'entries of another kind',
      { format: tuningFormat, adapter: 'fake adapter', kernels: { [key]: 3, matmul: 'plain' } },
    ],
    ...kernelsThatAreNone.map((kernels): [string, unknown] => [
      `kernels that are ${Object.prototype.toString.call(kernels)}`,
      { format: tuningFormat, adapter: 'fake adapter', kernels },
    ]),
    ['more kernels than a record has', { format: tuningFormat, adapter: 'fake adapter', kernels: manyKernels(1001) }],
    ['a name without an end', { format: tuningFormat, adapter: 'fake adapter', kernels: { [key]: 'p'.repeat(65) } }],
    [
      'a key without an end',
      { format: tuningFormat, adapter: 'fake adapter', kernels: { [`a ${'k'.repeat(1023)}`]: 'plain' } },
    ],
    [
      '__proto__ for a key',
      { format: tuningFormat, adapter: 'fake adapter', kernels: JSON.parse('{"__proto__":"plain","__proto__ x":{}}') },
    ],
  ])('is passed over where it is %s', async (_, record) => {
    const { engine } = started();
    const store = { ...memoryStore(), read: () => Promise.resolve(record) };
    expect(await loadTuning(engine, store)).toEqual({ count: 0, reason: '' });
    expect(await kernelsOf(engine)).toEqual(['medium-tile', 'small-tile']);
  });

  it('is taken up to its limits', async () => {
    const { engine, options } = started();
    await options.store.write('fake adapter', {
      format: tuningFormat,
      adapter: 'fake adapter',
      kernels: manyKernels(1000),
    });
    expect(await loadTuning(engine, options.store)).toEqual({ count: 1000, reason: '' });
  });

  it('does no harm where it names kernels that are not here', async () => {
    const { engine, options } = started();
    const kernels = { [key]: 'quads', [product]: 'constructor' };
    await options.store.write('fake adapter', { format: tuningFormat, adapter: 'fake adapter', kernels });
    expect((await loadTuning(engine, options.store)).count).toBe(2);
    expect(await kernelsOf(engine)).toEqual(['medium-tile', 'small-tile']);
  });

  it.each(['read', 'write'] as const)('may fail: %s', async (what) => {
    const { engine, options } = started();
    const { kernels, reason } = await tune(engine, network(), { ...options, store: failing(what) });
    expect(kernels[key]).toBe('small-tile');
    expect(reason).toMatch(/choices could not be (read|written): the disk is full/);
    expect(await kernelsOf(engine)).toEqual(['small-tile', 'small-tile']);
  });

  it('is nowhere with no store', async () => {
    const { engine, options } = started();
    expect((await tune(engine, network(), { ...options, store: null })).kernels[key]).toBe('small-tile');
    expect(await options.store.read('fake adapter')).toBeUndefined();
  });
});
