/** Every op is exported: in `allOps`, from the package, and activations by name. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as gradlet from '../../src/index.ts';
import { activationFrom } from '../../src/nn/activations.ts';
import type { ActivationName } from '../../src/nn/activations.ts';
import * as activations from '../../src/ops/elementwise/activation.ts';
import * as ops from '../../src/ops/index.ts';
import { logSoftmax, softmax } from '../../src/ops/norm/softmax.ts';

/** Ops without a public function: leaves and ops that the compiler creates. */
const withoutFunction = ['constant', 'variable', 'part', 'elementwise'];

/** Functions that layers, losses, training and gradients use, and that the package does not export. */
const internal = [
  'columnProducts',
  'columnSums',
  'copy',
  'dropoutMask',
  'firstNonFinite',
  'gatherBatch',
  'layerNormGradient',
  'layerNormSums',
  'randomUniform', // the package exports the initializer of this name
  'recurrent',
  'recurrentGradient',
  'scaleShift',
  'scatterAdd',
  'storeRows',
  'sumError',
];

/** Functions of several ops that the package exports. */
const composite = ['batchNorm', 'expandDims', 'normalizeWith', 'oneHot', 'recurrence', 'squeeze', 'stack'] as const;

const opOf = (value: unknown): unknown =>
  typeof value === 'function' ? (value as { readonly op?: unknown }).op : undefined;

describe('ops', () => {
  const folder = new URL('../../src/ops', import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

  it.each(files)('of %s are in allOps', async (file) => {
    const module = (await import(`../../src/ops/${file}`)) as Readonly<Record<string, unknown>>;
    for (const [name, value] of Object.entries(module)) {
      const op = opOf(value);
      if (op !== undefined) expect(ops.allOps, name).toContain(op);
    }
  });

  it('have a function in src/ops/functions.ts', () => {
    const reached = new Set(Object.values(ops).map(opOf));
    const others = ops.allOps.filter((op) => !reached.has(op)).map(({ name }) => name);
    expect(others.sort()).toEqual([...withoutFunction].sort());
  });

  it('are exported from the package, apart from the internal ones', () => {
    const exported = new Set<unknown>(Object.values(gradlet));
    const missing = Object.entries(ops).filter(([, value]) => opOf(value) !== undefined && !exported.has(value));
    expect(missing.map(([name]) => name).sort()).toEqual([...internal].sort());
    for (const name of composite) expect(gradlet[name], name).toBe(ops[name]);
  });

  it('are exported under their own names', () => {
    for (const [name, value] of Object.entries(ops)) {
      if (opOf(value) !== undefined && !internal.includes(name)) {
        expect(gradlet[name as keyof typeof gradlet], name).toBe(value);
      }
    }
  });
});

describe('activations', () => {
  const functions = Object.entries({ ...activations, softmax, logSoftmax }).filter(([, value]) => opOf(value));

  it.each(functions)('%s has an entry of its name in the table of activations', (name, value) => {
    expect(activationFrom(name as ActivationName)(ops.variable([2, 3])).op).toBe(opOf(value));
  });
});
