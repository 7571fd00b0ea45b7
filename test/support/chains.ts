/**
 * Runs compiled chains between guard words. The expected result runs the same instructions one at a time, on inputs that
 * JavaScript broadcasts to full size. Also generates random chains for property tests.
 */
import fc from 'fast-check';
import { chainModuleBytes } from '../../src/backends/wasm/chains/module.ts';
import type { DType } from '../../src/core/dtype.ts';
import { broadcastStrides, sizeOf, stridesOf } from '../../src/core/shape.ts';
import type { Shape } from '../../src/core/shape.ts';
import type { Chain, ChainArgument, ChainInstruction } from '../../src/graph/chain.ts';
import type { ChainCode, StepTypes, WasmCall, Word } from '../../src/graph/kernel.ts';
import type { ElementwiseOp } from '../../src/graph/op.ts';
import { lowerChain } from '../../src/ops/elementwise/elementwise-wasm.ts';
import { allOps } from '../../src/ops/index.ts';
import { bits, randoms, type Kernels } from '../assembly/kernels.ts';

export const elementwiseOps: readonly ElementwiseOp[] = allOps.filter(
  (op): op is ElementwiseOp => op.kind === 'elementwise',
);

export const specials: readonly number[] = [
  ...[0, -0, 1, -1, 0.5, 1.5, 2.5, -2.5, 7],
  ...[NaN, Infinity, -Infinity, 3e38, -3e38, 1e-40, -1e-45, 1e-38],
];

type Settings = ElementwiseOp['reference'] extends (attributes: infer A, ...rest: never) => number ? A : never;
export const settings: Readonly<Record<string, Settings>> = {
  leakyRelu: { alpha: 0.25 },
  elu: { alpha: 0.5 },
  clip: { min: -1, max: 2 },
};

export interface Operand {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly values: ArrayLike<number>;
}
export type Output = StepTypes<unknown>['outputs'][number] & { readonly inPlace: number | null };

export const vectorOf = (values: ArrayLike<number>): Operand => ({ shape: [values.length], dtype: 'float32', values });

export const instruction = (op: ElementwiseOp, list: readonly ChainArgument[]): ChainInstruction => ({
  op,
  attributes: settings[op.name] ?? {},
  arguments: list,
});

export function lower(
  chain: Chain,
  inputs: readonly Operand[],
  outputs: readonly Output[],
): WasmCall & { entry: ChainCode } {
  const inPlace = outputs.map((output) => output.inPlace);
  const call = lowerChain(chain, { attributes: {}, inputs, outputs, inPlace });
  return { ...call, entry: call.entry as ChainCode };
}

const cache = new Map<Kernels, Map<string, (args: number) => void>>();

/** The function of a chain; `others` replaces exports of the kernels. */
export function compile(kernels: Kernels, code: ChainCode, others?: Record<string, unknown>): (args: number) => void {
  if (!cache.has(kernels)) cache.set(kernels, new Map());
  const known = cache.get(kernels)!;
  const key = JSON.stringify(code);
  const old = others === undefined ? known.get(key) : undefined;
  if (old !== undefined) return old;
  const module = new WebAssembly.Module(chainModuleBytes([code], ['chain'], false));
  const env = { ...kernels.exports, memory: kernels.memory, ...others } as WebAssembly.ModuleImports;
  const chain = new WebAssembly.Instance(module, { env }).exports['chain'] as (args: number) => void;
  if (others === undefined) known.set(key, chain);
  return chain;
}

/** Returns the bits of every output; `run` is the function of the chain or an equivalent. */
export function execute(
  kernels: Kernels,
  { entry, words }: WasmCall & { entry: ChainCode },
  inputs: readonly Operand[],
  outputs: readonly Output[],
  run: (args: number) => void = compile(kernels, entry),
): number[][] {
  kernels.reset();
  const place = { float32: kernels.floats, int32: kernels.int32s, uint8: kernels.uint8s };
  const places = inputs.map(({ dtype, values }) => place[dtype].call(kernels, values));
  const targets = outputs.map(({ shape, inPlace }) =>
    inPlace === null ? kernels.allocate(sizeOf(shape) * 4) : places[inPlace]!,
  );
  const encode = (word: Word): number => {
    if (typeof word !== 'object') return Number(word);
    if ('float' in word) return bits(word.float);
    if ('entry' in word) return kernels.indexOf(word.entry);
    return (word.list === 'input' ? places : targets)[word.index]!;
  };
  kernels.callFunction(run, words.map(encode));
  return targets.map((target, index) => [...kernels.readInt32s(target, sizeOf(outputs[index]!.shape))]);
}

export const floats = (list: readonly number[]): Float32Array => new Float32Array(Int32Array.from(list).buffer);

/** Returns the bits of every output, computed one instruction at a time. */
export function executeOneByOne(
  kernels: Kernels,
  chain: Chain,
  inputs: readonly Operand[],
  outputs: readonly Output[],
): number[][] {
  const { shape } = outputs[0]!;
  const values = inputs.map((operand) => vectorOf(spread(operand, shape)));
  const output: Output = { shape: [sizeOf(shape)], dtype: 'float32', inPlace: null };
  for (const { op, arguments: list } of chain.instructions) {
    const read = [...new Set(list.flatMap((argument) => ('value' in argument ? argument.value : [])))];
    const own = list.map((argument) => ('value' in argument ? { value: read.indexOf(argument.value) } : argument));
    const single = { inputCount: read.length, instructions: [instruction(op, own)], outputs: [read.length] };
    const operands = read.map((value) => values[value]!);
    const [result] = execute(kernels, lower(single, operands, [output]), operands, [output]);
    values.push(vectorOf(floats(result!)));
  }
  return outputs.map(({ dtype }, index) => {
    const result = values[chain.outputs[index]!]!.values as Float32Array;
    return [...(dtype === 'int32' ? Int32Array.from(result, truncated) : new Int32Array(result.slice().buffer))];
  });
}

/** Converts to int32: rounds towards zero, saturates, and maps NaN to 0. */
const truncated = (x: number): number =>
  Number.isNaN(x) ? 0 : Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(x)));

/** An input converted to float32 and broadcast to the full shape. */
function spread({ shape, values }: Operand, to: Shape): Float32Array {
  const strides = broadcastStrides(shape, to);
  const counts = stridesOf(to);
  return Float32Array.from({ length: sizeOf(to) }, (_, element) => {
    const place = to.reduce(
      (sum, size, axis) => sum + (Math.floor(element / counts[axis]!) % size) * strides[axis]!,
      0,
    );
    return values[place]!;
  });
}

const { integer, nat, tuple, array, boolean, constantFrom } = fc;
const dtypes = constantFrom<DType>('float32', 'float32', 'int32', 'uint8');

interface RandomStep {
  readonly chain: Chain;
  readonly inputs: readonly Operand[];
  readonly outputs: readonly Output[];
}

/** A chain and its operands: any ops, broadcasts and dtypes, in place or not. */
export const randomStep: fc.Arbitrary<RandomStep> = fc
  .record({
    shape: tuple(integer({ min: 1, max: 3 }), integer({ min: 1, max: 4 }), integer({ min: 1, max: 40 })),
    // For each input: the axes along which it is broadcast, and whether leading axes are absent.
    inputs: array(tuple(constantFrom(0, 0, 0, 1, 2, 3, 4, 5, 6, 7), boolean(), dtypes), { minLength: 1, maxLength: 5 }),
    picks: array(tuple(nat(), nat(), nat(), nat()), { minLength: 1, maxLength: 10 }),
    outputs: array(tuple(nat(), constantFrom('float32', 'float32', 'int32'), boolean()), {
      minLength: 1,
      maxLength: 3,
    }),
    seed: nat(1000),
  })
  .map(({ shape, inputs: choices, picks, outputs, seed }) => {
    const inputs = choices.map(([stretched, isShort, dtype], index): Operand => {
      const own = shape.map((size, axis) => ((stretched >> axis) & 1 ? 1 : size));
      const leading = own.findIndex((size) => size !== 1);
      const from = isShort ? own.slice(leading < 0 ? own.length : leading) : own;
      const values = randoms(sizeOf(from), seed + index).map((x, at) => {
        if (dtype !== 'float32') return dtype === 'int32' ? Math.round(x * 100) + 0 : Math.round(Math.abs(x) * 255);
        return (at * 7 + seed + index) % 5 === 0 ? specials[(at + seed) % specials.length]! : x * 4;
      });
      return { shape: from, dtype, values };
    });
    const instructions = picks.map(([which, ...numbers], index) => {
      const op = elementwiseOps[which % elementwiseOps.length]!;
      const list = numbers.slice(0, op.arity).map((number, position): ChainArgument => {
        const isConstant = position > 0 && number % 4 === 0;
        return isConstant
          ? { constant: specials[number % specials.length]! }
          : { value: number % (inputs.length + index) };
      });
      return instruction(op, list);
    });
    const taken = new Set<number>();
    const results = outputs.map(([, dtype, wantsPlace]): Output => {
      const fits = (input: Operand, index: number): boolean =>
        sizeOf(input.shape) === sizeOf(shape) && input.dtype === dtype && !taken.has(index);
      const place = wantsPlace ? inputs.findIndex(fits) : -1;
      if (place >= 0) taken.add(place);
      return { shape, dtype: dtype as Output['dtype'], inPlace: place >= 0 ? place : null };
    });
    const chain: Chain = {
      inputCount: inputs.length,
      instructions,
      outputs: outputs.map(([number]) => inputs.length + (number % instructions.length)),
    };
    return { chain, inputs, outputs: results };
  });
