/** Choices of `tune` in a file: its path, atomic replacement, and foreign files. */
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FormatError, StateError } from '../../src/core/errors.ts';
import { fileStore } from '../../src/tune/file-store.ts';
import { defaultStore, tuningRecord } from '../../src/tune/store.ts';

const record = (adapter: string, name = 'plain') => tuningRecord(adapter, { 'matmul 2x2 2x2 {}': name });

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gradlet-tuning-'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  await rm(folder, { recursive: true });
});

it('keeps a record for each adapter', async () => {
  const file = join(folder, 'new', 'tuning.json');
  const store = fileStore(file);
  expect(await store.read('a')).toBeUndefined();
  await store.write('a', record('a'));
  await store.write('b', record('b'));
  await store.write('a', record('a', 'small-tile'));
  const again = fileStore(file);
  expect(await again.read('a')).toEqual(record('a', 'small-tile'));
  expect(await again.read('b')).toEqual(record('b'));
  expect(await again.read('constructor')).toBeUndefined();
  expect(await readdir(join(folder, 'new'))).toEqual(['tuning.json']);
});

it('lies in the folder for caches', async () => {
  vi.stubEnv('XDG_CACHE_HOME', folder);
  await defaultStore().write('a', record('a'));
  expect(await fileStore(join(folder, 'gradlet', 'tuning.json')).read('a')).toEqual(record('a'));
});

it('replaces a file of ours that is damaged', async () => {
  const file = join(folder, 'tuning.json');
  const store = fileStore(file);
  await store.write('a', record('a'));
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.slice(0, text.length / 2));
  expect(await store.read('a')).toBeUndefined();
  await store.write('b', record('b'));
  expect(await store.read('b')).toEqual(record('b'));
});

it.each(['"text"', '["list"]', 'null', '1'])(
  'finds nothing in a file of ours whose records are %s',
  async (adapters) => {
    const file = join(folder, 'tuning.json');
    const store = fileStore(file);
    await writeFile(file, `{"format":"gradlet tuning","adapters":${adapters}}`);
    expect(await store.read('0')).toBeUndefined();
    await store.write('b', record('b'));
    expect(Object.keys((JSON.parse(await readFile(file, 'utf8')) as { adapters: object }).adapters)).toEqual(['b']);
  },
);

it.each(['{"name":"a package"}', 'some notes'])('leaves alone what is not ours: %s', async (text) => {
  const file = join(folder, 'package.json');
  await writeFile(file, text);
  await expect(fileStore(file).read('a')).rejects.toThrow(FormatError);
  await expect(fileStore(file).write('a', record('a'))).rejects.toThrow(/is not a tuning file/);
  expect(await readFile(file, 'utf8')).toBe(text);
  expect(await readdir(folder)).toEqual(['package.json']);
});

it('leaves nothing behind where it cannot write', async () => {
  await expect(fileStore(folder).write('a', record('a'))).rejects.toThrow(/EISDIR/);
  expect(await readdir(folder)).toEqual([]);
});

it('is only there in Node', () => {
  vi.stubGlobal('process', {});
  expect(() => fileStore()).toThrow(StateError);
});

it('remembers the latest products, no more than 1000', () => {
  const many = Object.fromEntries(Array.from({ length: 1010 }, (_, index) => [`matmul ${index}`, 'plain']));
  const { kernels } = tuningRecord('a', many);
  expect(Object.keys(kernels)).toHaveLength(1000);
  expect(Object.keys(kernels).at(-1)).toBe('matmul 1009');
});
