/** The activations of recurrent cells against float64, in both binaries: a simple cell with one step and no weights is one. */
import { describe, expect, it } from 'vitest';
import { recurrentKernel } from '../../src/generated/wasm/kernels.ts';
import { loadBinaries, ulp } from './kernels.ts';
import type { Kernels } from './kernels.ts';
import { cellActivations } from '../../src/generated/wasm/constants.ts';
import type { CellActivation } from '../../src/ops/recurrent/recurrent-cell.ts';

const units = 64;

/** activation(x). The count must be a multiple of the row length. */
function activations(kernels: Kernels, activation: CellActivation, x: Float32Array): Float32Array {
  kernels.reset();
  const batch = x.length / units;
  const zeros = (count: number): number => kernels.floats(new Float32Array(count));
  const [projected, panels, hidden] = [kernels.floats(x), zeros(units * units), zeros(batch * units)];
  const [states, z] = [kernels.allocate(8 * batch * units), kernels.allocate(32 * batch)];
  const number = cellActivations.indexOf(activation);
  const none = { carry: 0, bias: 0, dropout: 0, mask: 0, cells: 0, values: 0, inner: 0, seen: 0, reset: 0 } as const;
  const sizes = { steps: 1, batch, units, cell: 0, activation: number, gateActivation: 0 };
  // whole only: parts leave different values in z
  kernels.callOnce(recurrentKernel, { projected, panels, hidden, states, z, ...none, ...sizes });
  return kernels.readFloats(states, 2 * batch * units).subarray(batch * units);
}

const exact: Readonly<Record<CellActivation, readonly [value: (x: number) => number, limit: number]>> = {
  linear: [(x) => x, 0],
  relu: [(x) => (x < 0 ? 0 : x), 0],
  sigmoid: [(x) => 1 / (1 + Math.exp(-x)), 4],
  tanh: [Math.tanh, 4],
  hardSigmoid: [(x) => Math.min(Math.max(x / 6 + 0.5, 0), 1), 4],
};

/** Magnitudes from 1e-6 to 80, with both signs, and values around the limits. */
function sweep(): Float32Array {
  const sizes = Array.from({ length: 4000 }, (_, index) => 1e-6 * 10 ** (index / 506));
  const edges = [0, 8.9, 9, 9.01, 9.1, 9.2, 3, 2.999, 79];
  const values = [...sizes, ...edges].filter((x) => x <= 80).flatMap((x) => [x, -x]);
  return Float32Array.from({ length: Math.ceil(values.length / units) * units }, (_, at) => values[at % values.length]!);
}

describe.each(loadBinaries())('$name', (kernels) => {
  it.each(cellActivations)('%s', (name) => {
    const [value, limit] = exact[name];
    const x = sweep();
    const y = activations(kernels, name, x);
    // hardSigmoid is 0 where x/6 and ½ cancel: its absolute errors are those of numbers near ½.
    const errors = Array.from(y, (given, at) => {
      const wanted = value(x[at]!);
      return name === 'hardSigmoid' ? Math.abs(given - wanted) / 2 ** -24 : ulp(given, wanted);
    });
    const worst = errors.reduce((best, error, at) => (error > errors[best]! ? at : best), 0);
    expect(errors[worst], `${name}(${x[worst]}) is ${y[worst]}`).toBeLessThanOrEqual(limit);
  });

  it.each(cellActivations)('%s beyond all limits, and of what is no number', (name) => {
    const special = [Infinity, -Infinity, NaN, 1e30, -1e30, 100, -100, 0];
    const x = Float32Array.from({ length: units }, (_, at) => special[at % special.length]!);
    const y = activations(kernels, name, x);
    for (const [at, argument] of special.entries()) {
      const wanted = exact[name][0](Math.fround(argument));
      if (Number.isNaN(wanted)) expect(y[at]).toBeNaN();
      else if (Math.abs(wanted) < 1e-37) expect(Math.abs(y[at]!)).toBeLessThan(1e-37);
      else expect(y[at]).toBe(Math.fround(wanted));
    }
  });
});
