/**
 * The comparison with other libraries, without installing or loading them.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { alternate, asError, type Effort, within } from '../../bench/comparison/alternate.ts';
import { checkLosses, checkProduct } from '../../bench/comparison/check.ts';
import { start } from '../../bench/comparison/gradlet.ts';
import { installPeers, missingPackages, peersFolder, wantedVersions } from '../../bench/comparison/install.ts';
import { onnxProduct } from '../../bench/comparison/onnx-model.ts';
import { parseRecordName, recordName } from '../../bench/comparison/report.ts';
import {
  networkSizes,
  productTask,
  recurrentTask,
  sequence,
  tasksOf,
  trainingTask,
} from '../../bench/comparison/tasks.ts';
import { listSuites } from '../../bench/suites/index.ts';

const effort: Effort = { warmUp: 0, sample: 0, rounds: 2, atMost: 1000, pause: 0, patience: 50 };

describe('alternate', () => {
  it('takes turns, after a warm-up for each', async () => {
    const calls: string[] = [];
    const contender = (name: string) => ({ name, work: () => Promise.resolve(calls.push(name)) });
    const turns: string[] = [];
    const onTurn = (name: string) => Promise.resolve(void turns.push(name));
    const outcome = await alternate([contender('a'), contender('b')], effort, onTurn);
    expect(calls.join('')).toBe('aabbabab');
    expect(turns.join('')).toBe('ab'.repeat(3));
    expect([...outcome.keys()]).toEqual(['a', 'b']);
    for (const samples of outcome.values()) expect(samples).toHaveLength(2);
  });

  it('repeats short work, with a call before the clock starts', async () => {
    let calls = 0;
    const work = (): Promise<void> => {
      calls++;
      return new Promise((resolve) => setTimeout(resolve, 4));
    };
    const outcome = await alternate([{ name: 'a', work }], { ...effort, sample: 20, rounds: 1 });
    expect(calls).toBeGreaterThanOrEqual(2 + 1 + 2);
    const [sample] = outcome.get('a') as readonly number[];
    expect(sample).toBeGreaterThan(3);
  });

  it('leaves out who fails, at once or later, and goes on with the others', async () => {
    let lives = 3;
    const contenders = [
      { name: 'broken', work: () => Promise.reject(new Error('out of memory')) },
      { name: 'dying', work: () => (lives-- > 0 ? Promise.resolve() : Promise.reject(new Error('device lost'))) },
      { name: 'hanging', work: () => new Promise(() => undefined) },
      { name: 'well', work: () => Promise.resolve() },
    ];
    const outcome = await alternate(contenders, effort);
    expect(outcome.get('broken')).toEqual(new Error('out of memory'));
    expect(outcome.get('dying')).toEqual(new Error('device lost'));
    expect(outcome.get('hanging')).toEqual(new Error('no answer within 0.05 s'));
    expect(outcome.get('well')).toHaveLength(2);
  });

  it('stops after three rounds when they take too long', async () => {
    const work = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));
    const outcome = await alternate([{ name: 'a', work }], { ...effort, rounds: 100, atMost: 1 });
    expect(outcome.get('a')).toHaveLength(3);
  });

  it('makes errors of whatever is thrown', async () => {
    expect(asError({ message: 'aborted' }).message).toBe('aborted');
    expect(asError('aborted').message).toBe('aborted');
    expect(asError(undefined).message).toBe('undefined');
    expect(await within(10, Promise.resolve(1))).toBe(1);
  });
});

describe('the checks', () => {
  it('hold products to a thousandth of the greatest element', () => {
    const ours = Float32Array.of(1, -1000);
    expect(() => checkProduct(Float32Array.of(1.9, -1000), ours)).not.toThrow();
    expect(() => checkProduct(Float32Array.of(3, -1000), ours)).toThrow(/wrong: an element is off by 2,/);
    expect(() => checkProduct(Float32Array.of(NaN, -1000), ours)).toThrow('wrong');
    expect(() => checkProduct(Float32Array.of(1), ours)).toThrow('1 elements, not 2');
  });

  it('hold losses to a hundredth', () => {
    expect(() => checkLosses([2.31, 1.005], [2.3, 1])).not.toThrow();
    expect(() => checkLosses([2.3, 1.02], [2.3, 1])).toThrow('2.3, 1.02, not 2.3, 1');
    expect(() => checkLosses([NaN], [1])).toThrow('differ');
    expect(() => checkLosses([], [1])).toThrow('differ');
  });
});

describe('gradlet as a candidate', () => {
  it('multiplies', async () => {
    const task = productTask(5);
    const product = await (await start({ backend: 'wasm' })).product!(task);
    const expected = Float32Array.from({ length: 25 }, (_, at) => {
      const [row, column] = [Math.floor(at / 5), at % 5];
      return [0, 1, 2, 3, 4].reduce((sum, k) => sum + task.a[5 * row + k]! * task.b[5 * k + column]!, 0);
    });
    for (const _ of [1, 2]) checkProduct(await product.run(), expected);
    product.dispose();
  });

  it('trains round by round, from the weights given', async () => {
    const task = await trainingTask(32, 4);
    const candidate = await start({ backend: 'wasm' });
    const rounds = async (): Promise<number[]> => {
      const training = await candidate.training!(task);
      const losses: number[] = [];
      for (let round = 0; round < 3; round++) losses.push(await training.round());
      training.dispose();
      return losses;
    };
    const losses = await rounds();
    expect(losses[0]).toBeGreaterThan(1.5);
    expect(losses[0]).toBeLessThan(3.5);
    expect(losses[2]).toBeLessThan(losses[0]!);
    expect(await rounds()).toEqual(losses);
  });

  it('hands on what goes wrong', async () => {
    const task = await trainingTask(32, 1);
    const { training } = await start({ backend: 'wasm' });
    const broken = await training!({ ...task, samples: task.samples.fill(NaN) });
    await expect(broken.round()).rejects.toThrow(/fit/);
  });
});

describe('the tasks', () => {
  it('are the same each time, and fewer when it must be quick', async () => {
    expect(productTask(4)).toEqual(productTask(4));
    expect(Math.max(...productTask(64).a.map(Math.abs))).toBeLessThanOrEqual(1);
    expect((await trainingTask(32, 1)).weights.map(({ length }) => length)).toEqual(
      networkSizes.slice(1).flatMap((outputs, layer) => [networkSizes[layer]! * outputs, outputs]),
    );
    expect(tasksOf(false)).toHaveLength(8);
    expect(tasksOf(true)).toHaveLength(3);
    expect(recurrentTask(2, 3)).toEqual(recurrentTask(2, 3));
    expect(recurrentTask(2, 3).samples).toHaveLength(6 * sequence.length * sequence.features);
  });

  it('are named in the records', () => {
    const names = { subject: 'step 784-128-64-10 batch 32', library: 'jax-js', backend: 'wasm' } as const;
    expect(recordName(names)).toBe('step 784-128-64-10 batch 32, jax-js wasm');
    expect(parseRecordName(recordName(names))).toEqual(names);
    expect(parseRecordName('batch 32, until the first step')).toBeNull();
  });

  it('are listed with the suites', () => {
    expect(listSuites()).toMatch(/\n {2}peers +gradlet beside/);
  });
});

describe('the ONNX model', () => {
  it('is a protocol buffer with one node', () => {
    const model = onnxProduct(300);
    expect([...model].slice(0, 2)).toEqual([8, 8]); // ir_version 8
    const fields = readFields(model);
    expect(fields.map(({ field }) => field)).toEqual([1, 7, 8]);
    expect(readFields(fields[2]!.bytes)).toMatchObject([{ field: 2, value: 13 }]);
    const graph = readFields(fields[1]!.bytes);
    expect(graph.map(({ field }) => field)).toEqual([1, 2, 11, 11, 12]);
    const texts = readFields(graph[0]!.bytes).map(({ field, bytes }) => [field, new TextDecoder().decode(bytes)]);
    expect(texts).toEqual([
      [1, 'a'],
      [1, 'b'],
      [2, 'y'],
      [4, 'MatMul'],
    ]);
    for (const { bytes } of graph.slice(2)) {
      const [, type] = readFields(bytes);
      const [elements, shape] = readFields(readFields(type!.bytes)[0]!.bytes);
      expect(elements).toMatchObject({ field: 1, value: 1 });
      const axes = readFields(shape!.bytes).map((axis) => readFields(axis.bytes)[0]);
      expect(axes).toMatchObject([
        { field: 1, value: 300 },
        { field: 1, value: 300 },
      ]);
    }
  });
});

interface Field {
  readonly field: number;
  readonly value: number;
  readonly bytes: Uint8Array;
}

/** The fields of one message, in order. */
function readFields(message: Uint8Array): Field[] {
  let at = 0;
  const next = (): number => {
    for (let [value, shift] = [0, 0]; ; shift += 7) {
      const byte = message[at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const fields: Field[] = [];
  while (at < message.length) {
    const tag = next();
    const value = next();
    const length = (tag & 7) === 2 ? value : 0;
    fields.push({ field: tag >>> 3, value, bytes: message.subarray(at, at + length) });
    at += length;
  }
  return fields;
}

describe('the package of the peers', () => {
  let folder = '';
  beforeEach(() => {
    vi.spyOn(console, 'log').mockReturnValue();
    folder = mkdtempSync(join(tmpdir(), 'gradlet-peers-'));
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ version: '0.0.0', dependencies: { '@a/b': '1.2.3' } }),
    );
  });
  afterEach(() => {
    vi.restoreAllMocks();
    rmSync(folder, { recursive: true });
  });

  const place = (version: string): void => {
    mkdirSync(join(folder, 'node_modules/@a/b'), { recursive: true });
    writeFileSync(join(folder, 'node_modules/@a/b/package.json'), JSON.stringify({ version }));
  };

  it('asks for exact versions, and its lock file knows no addresses', () => {
    for (const version of Object.values(wantedVersions())) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(readFileSync(join(peersFolder, 'package-lock.json'), 'utf8')).not.toMatch(/"resolved"|registry/);
  });

  it('is installed when something is missing or old, and only then', async () => {
    const calls: (readonly string[])[] = [];
    const npm = (words: readonly string[]) => {
      calls.push(words);
      place('1.2.3');
      return Promise.resolve({ code: 0, output: '' });
    };
    expect(missingPackages(folder)).toEqual(['@a/b@1.2.3']);
    await installPeers(folder, npm);
    expect(missingPackages(folder)).toEqual([]);
    await installPeers(folder, npm);
    expect(calls).toHaveLength(1);
    expect(calls[0]![0]).toBe('install');
    place('1.2.2');
    expect(missingPackages(folder)).toEqual(['@a/b@1.2.3']);
  });

  it('says what is needed when it cannot be installed', async () => {
    const npm = () => Promise.resolve({ code: 1, output: 'npm warn x\nnpm error code ENOTFOUND\n' });
    await expect(installPeers(folder, npm)).rejects.toThrow(
      /a network the first time[^]*said:\nnpm error code ENOTFOUND$/,
    );
  });
});
