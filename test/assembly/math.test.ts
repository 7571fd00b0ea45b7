/** Every element-wise function against float64, in ULP: a sweep over bit patterns, a dense range, and edge values. */
import { describe, expect, it } from 'vitest';
import { chainModuleBytes } from '../../src/backends/wasm/chains/module.ts';
import type { ChainCode } from '../../src/graph/kernel.ts';
import { bits, loadBinaries, randoms, ulp, type Kernels } from './kernels.ts';

/** erfc in float64: the series below 2.5, Lentz's continued fraction above. */
function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  if (x < 2.5) return 1 - erf(x);
  let fraction = 0;
  for (let k = 120; k > 0; k--) fraction = k / 2 / (x + fraction);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
}

function erf(x: number): number {
  if (Math.abs(x) >= 2.5) return 1 - erfc(Math.abs(x)) === 1 ? Math.sign(x) : Math.sign(x) * (1 - erfc(Math.abs(x)));
  let sum = x;
  let term = x;
  for (let k = 1; k < 80; k++) {
    term *= (-x * x) / k;
    sum += term / (2 * k + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

function roundHalfEven(x: number): number {
  const r = Math.round(x);
  return Math.abs(x % 1) === 0.5 && r % 2 !== 0 ? r - 1 : r;
}

function gelu(x: number): number {
  if (x === -Infinity) return -0;
  return 0.5 * x * erfc(-x / Math.SQRT2);
}

const unary: Readonly<Record<string, readonly [exact: (x: number) => number, limit: number]>> = {
  neg: [(x) => -x, 0],
  abs: [Math.abs, 0],
  sign: [Math.sign, 0],
  relu: [(x) => (x < 0 ? 0 : x), 0],
  leaky_relu: [(x) => (x < 0 ? x * Math.fround(0.1) : x), 0.5],
  elu: [(x) => (x > 0 ? x : 1.5 * Math.expm1(x)), 4],
  sigmoid: [(x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))), 4],
  tanh: [Math.tanh, 4],
  softplus: [(x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), 4],
  gelu: [gelu, 4],
  silu: [(x) => (x === -Infinity ? 0 : x < 0 ? (x * Math.exp(x)) / (1 + Math.exp(x)) : x / (1 + Math.exp(-x))), 4],
  exp: [Math.exp, 4],
  expm1: [Math.expm1, 4],
  log: [Math.log, 4],
  log1p: [Math.log1p, 4],
  sqrt: [Math.sqrt, 0.5],
  square: [(x) => x * x, 0.5],
  rsqrt: [(x) => 1 / Math.sqrt(x), 1.5],
  reciprocal: [(x) => 1 / x, 0.5],
  sin: [Math.sin, 1],
  cos: [Math.cos, 1],
  floor: [Math.floor, 0],
  ceil: [Math.ceil, 0],
  round: [roundHalfEven, 0],
  erf: [erf, 4],
  logical_not: [(x) => (x === 0 ? 1 : 0), 0],
  step: [(x) => (Number.isNaN(x) ? NaN : x > 0 ? 1 : 0), 0],
};

const truth = (value: boolean): number => (value ? 1 : 0);

function floorMod(x: number, y: number): number {
  const r = x % y;
  return r !== 0 && r < 0 !== y < 0 ? r + y : r;
}

const binary: Readonly<Record<string, readonly [exact: (x: number, y: number) => number, limit: number]>> = {
  add: [(x, y) => x + y, 0.5],
  sub: [(x, y) => x - y, 0.5],
  mul: [(x, y) => x * y, 0.5],
  div: [(x, y) => x / y, 0.5],
  pow: [(x, y) => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : Math.pow(x, y)), 1], // as in IEEE 754
  maximum: [(x, y) => Math.max(x, y), 0],
  minimum: [(x, y) => Math.min(x, y), 0],
  equal: [(x, y) => truth(x === y), 0],
  not_equal: [(x, y) => truth(x !== y), 0],
  less: [(x, y) => truth(x < y), 0],
  less_equal: [(x, y) => truth(x <= y), 0],
  greater: [(x, y) => truth(x > y), 0],
  greater_equal: [(x, y) => truth(x >= y), 0],
  logical_and: [(x, y) => truth(x !== 0 && y !== 0), 0],
  logical_or: [(x, y) => truth(x !== 0 || y !== 0), 0],
  mod: [floorMod, 0.5],
};

const edges = [
  0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 2, -2, 3, -3, Infinity, -Infinity, NaN, 1e-45, -1e-45, 1.1754942e-38, 1.17549435e-38,
  -1.17549435e-38, 3.4028234663852886e38, -3.4028234663852886e38, 88.72283, 88.72284, -87.33654, -103.97, -103.98, -104,
  0.34657359, -0.34657359, 1 - 2 ** -24, 1 + 2 ** -23, -1 + 2 ** -24, 16777216, 16777217, 8388607.5, 134217728, 1e22, 14.3, -14.3,
  1.5707963, 3.1415927, 0.95, 4, 10, -17.5, 0.70710677, 1.4142135,
];

function sweep(): Float32Array {
  const stride = 20011;
  const patterns = new Uint32Array(Math.floor(2 ** 32 / stride));
  for (let i = 0; i < patterns.length; i++) patterns[i] = i * stride;
  const dense = randoms(60000, 7).map((x) => x * 110);
  const small = randoms(40000, 8).map((x) => x * 6);
  return Float32Array.from([...edges, ...new Float32Array(patterns.buffer), ...dense, ...small]);
}

/** Ops with an immediate after their tensors. */
const immediates: Readonly<Record<string, number>> = { elu: 1.5, leaky_relu: 0.1 };

/** Runs one instruction over whole arrays, as a compiled chain. */
function apply(kernels: Kernels, name: string, ...inputs: readonly Float32Array[]): Float32Array {
  const immediate = name in immediates ? [immediates[name]!] : [];
  const values = inputs.length + immediate.length;
  const code: ChainCode = {
    inputs: inputs.map(() => ({ walks: [true], dtype: 'float32' })),
    constants: immediate.length,
    instructions: [[name, ...Array.from({ length: values }, (_, value) => value)]],
    outputs: [{ value: values, dtype: 'float32', inPlace: null }],
  };
  const module = new WebAssembly.Module(chainModuleBytes([code], ['chain'], false));
  const env = { ...kernels.exports, memory: kernels.memory } as WebAssembly.ModuleImports;
  const chain = new WebAssembly.Instance(module, { env }).exports['chain'] as (args: number) => void;
  kernels.reset();
  const [{ length }] = inputs as [Float32Array];
  const out = kernels.allocate(4 * length);
  kernels.callFunction(chain, [length, ...inputs.map((x) => kernels.floats(x)), out, ...immediate.map(bits)]);
  return kernels.readFloats(out, length);
}

interface Worst {
  error: number;
  at: string;
}

describe.each(loadBinaries().map((kernels) => [kernels.name, kernels] as const))('math, %s', (_name, kernels) => {
  const xs = sweep();

  it.each(Object.entries(unary))('%s', (name, [exact, limit]) => {
    const got = apply(kernels, name, xs);
    const worst: Worst = { error: 0, at: '' };
    for (let i = 0; i < xs.length; i++) {
      const error = ulp(got[i]!, exact(xs[i]!));
      if (error > worst.error) Object.assign(worst, { error, at: `${name}(${xs[i]}) = ${got[i]}, exactly ${exact(xs[i]!)}` });
    }
    if (process.env['SHOW_ULP']) console.log(kernels.name, name, worst.error.toFixed(3), worst.at);
    expect(worst.error, worst.at).toBeLessThanOrEqual(limit);
  });

  const some = [...edges, ...randoms(300, 3).map((x) => x * 20), ...randoms(100, 4).map((x) => x * 1e-3)].map(Math.fround);
  const left = Float32Array.from(some.flatMap((x) => some.map(() => x)));
  const right = Float32Array.from(some.flatMap(() => some));

  it.each(Object.entries(binary))('%s', (name, [exact, limit]) => {
    const got = apply(kernels, name, left, right);
    const worst: Worst = { error: 0, at: '' };
    for (let i = 0; i < left.length; i++) {
      const [x, y] = [left[i]!, right[i]!];
      const error = ulp(got[i]!, exact(x, y));
      if (error > worst.error) Object.assign(worst, { error, at: `${name}(${x}, ${y}) = ${got[i]}, exactly ${exact(x, y)}` });
    }
    if (process.env['SHOW_ULP']) console.log(kernels.name, name, worst.error.toFixed(3), worst.at);
    expect(worst.error, worst.at).toBeLessThanOrEqual(limit);
  });

  it('keeps the sign of zero', () => {
    for (const name of ['tanh', 'expm1', 'log1p', 'sin', 'erf', 'floor', 'ceil', 'round', 'elu', 'gelu', 'silu', 'sqrt', 'copy']) {
      const got = apply(kernels, name, Float32Array.of(-0, 0, -0, 0, -0));
      expect([...got], name).toStrictEqual([-0, 0, -0, 0, -0]);
    }
  });
});
