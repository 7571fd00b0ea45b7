/**
 * Invalid values in every argument of every public function and constructor: the outcome is a gradlet error or a result, never an
 * internal error.
 */
import { expect, test } from 'vitest';
import * as gradlet from '../../../src/index.ts';
import { opCalls } from '../../support/op-calls.ts';
import { calls, constructors, exported, isClass, node, rawErrors, settled } from '../../support/junk.ts';
import type { Constructor } from '../../support/junk.ts';

/** Exports that are not functions or not called with invalid values, and why. */
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

test('what makes engines and backends refuses wrong values of every option', async () => {
  const made: Readonly<Record<string, (options: object) => Promise<unknown>>> = {
    createEngine: gradlet.createEngine,
    WasmBackend: (options) => gradlet.WasmBackend.create(options),
    WebGPUBackend: (options) => gradlet.WebGPUBackend.create(options),
  };
  for (const [name, make] of Object.entries(made)) {
    const [valid] = (calls[name] ?? constructors[name]!) as [object];
    for (const option of Object.keys(valid)) {
      for (const value of [null, NaN, -1, Symbol('s'), {}, new Map()]) {
        const call = make({ ...valid, [option]: value });
        await expect(call, `${name}({ ${option}: ${String(value)} })`).rejects.toThrow(
          new RegExp(`^${name}: ${option} must be .*, not `),
        );
      }
    }
  }
});
