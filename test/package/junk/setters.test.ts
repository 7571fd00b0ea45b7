/** Every setter of exported classes and factory results accepts the values that the constructors accept. */
import { afterAll, expect, test } from 'vitest';
import * as gradlet from '../../../src/index.ts';
import { backends, constructors, executable, exported, isClass, junk, modelOf, results } from '../../support/junk.ts';
import type { Constructor } from '../../support/junk.ts';

/** The names of the setters of an object. */
function settersOf(object: object): string[] {
  const names = new Set<string>();
  for (let level: object | null = object; level; level = Object.getPrototypeOf(level) as object | null) {
    if (level === Object.prototype || level === Function.prototype) break;
    for (const [name, { set }] of Object.entries(Object.getOwnPropertyDescriptors(level))) if (set) names.add(name);
  }
  return [...names];
}

/** An object of every exported class, and what every factory returns, by the name of its class or its function. */
async function everything(): Promise<(readonly [string, object])[]> {
  const found: (readonly [string, unknown])[] = [
    ['Model', modelOf()],
    ['Executable', executable],
  ];
  for (const backend of await backends()) found.push([backend.constructor.name, backend]);
  for (const [name, value] of exported) {
    if (typeof value !== 'function') continue;
    found.push([`class ${name}`, isClass(value) ? value : undefined]);
    if (
      isClass(value) &&
      name in constructors &&
      !['Executable', 'WasmBackend', 'WebGPUBackend', 'Model'].includes(name)
    ) {
      found.push([name, new (value as Constructor)(...constructors[name]!)]);
    }
  }
  found.push(...(await results()));
  const isObject = (value: unknown): value is object =>
    (typeof value === 'object' || typeof value === 'function') && value !== null;
  return found.filter((entry): entry is readonly [string, object] => isObject(entry[1]));
}

const objects = await everything();
afterAll(() => {
  for (const [, object] of objects) if (object instanceof gradlet.Engine) object.dispose();
});

/** Values that must be rejected, and values that must be accepted. A setter without a row fails. */
const rows: Readonly<Record<string, { readonly refused: readonly unknown[]; readonly taken: unknown }>> = {
  learningRate: { refused: [NaN, -1, Infinity, '0.1', null, undefined, 1n], taken: 0.5 },
  stopTraining: { refused: [3, 'yes', null, undefined, NaN], taken: true },
  trainable: { refused: ['no', 0, null, undefined, NaN], taken: false },
  name: { refused: [3, 'a/b', null, undefined, NaN], taken: 'a' },
};

test('every setter has a row, and every row a setter', () => {
  const found = new Set(objects.flatMap(([, object]) => settersOf(object)));
  expect([...found].sort()).toEqual(Object.keys(rows).sort());
  expect(objects.length).toBeGreaterThan(100);
});

test.each(objects.filter(([, object]) => settersOf(object).length > 0))('%s', (_, object) => {
  const state = object as Record<string, unknown>;
  for (const name of settersOf(object)) {
    if (object instanceof gradlet.Model && name === 'learningRate') object.compile({ optimizer: 'sgd', loss: 'mse' });
    const before = state[name];
    for (const value of rows[name]!.refused) {
      expect(() => Object.assign(object, { [name]: value }), `${name} = ${String(value)}`).toThrow(gradlet.ValueError);
      expect(state[name]).toBe(before);
    }
    for (const value of junk) {
      try {
        state[name] = value;
        expect(state[name], `${name} takes ${String(typeof value)}`).toBe(value);
      } catch (error) {
        expect(error).toBeInstanceOf(gradlet.GradletError);
      }
    }
    state[name] = rows[name]!.taken;
    expect(state[name]).toBe(rows[name]!.taken);
  }
});

test('setWeights takes tensors alone', () => {
  for (const weights of [[[[1]], [0]], [1, 2], null, 'x', [null, null]]) {
    expect(() => modelOf().setWeights(weights as never)).toThrow(gradlet.GradletError);
  }
});
