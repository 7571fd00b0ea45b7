/**
 * Compiled chains against the interpreter, to the bit, and against the ops' references: every opcode on special values,
 * random chains with every way of reading an input, in place, at odd lengths, in parts, between guard words.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chainModuleBytes } from '../../src/backends/wasm/chain-module.ts';
import { lines } from '../../src/backends/wasm/chain-ops.ts';
import { isCompilable } from '../../src/backends/wasm/chain-code.ts';
import type { Shape } from '../../src/core/shape.ts';
import { sizeOf } from '../../src/core/shape.ts';
import type { Chain, ChainArgument, ChainInstruction } from '../../src/graph/chain.ts';
import type { ChainCode, StepTypes, WasmCall, Word } from '../../src/graph/kernel.ts';
import type { ElementwiseOp } from '../../src/graph/op.ts';
import { lowerChain } from '../../src/ops/elementwise-wasm.ts';
import { allOps } from '../../src/ops/index.ts';
import { bits, loadBinaries, randoms, type Kernels } from '../assembly/kernels.ts';

const specials = [0, -0, 1, -1, 0.5, 1.5, 2.5, -2.5, NaN, Infinity, -Infinity, 3e38, -3e38, 1e-40, -1e-45, 1e-38, 7];
const settings: Readonly<
  Record<string, ElementwiseOp['reference'] extends (a: infer A, ...rest: never) => number ? A : never>
> = {
  leakyRelu: { alpha: 0.25 },
  clip: { min: -1, max: 2 },
};
const compiledOps = allOps.filter((op): op is ElementwiseOp => op.kind === 'elementwise' && op.wasm in lines);

type Operand = { readonly shape: Shape; readonly dtype: 'float32' | 'int32'; readonly values: ArrayLike<number> };
type Output = StepTypes<unknown>['outputs'][number] & { readonly inPlace: number | null };
type Run = (
  kernels: Kernels,
  call: WasmCall,
) => readonly [kernel: string | ((args: number) => void), words: readonly Word[]];

const instruction = (op: ElementwiseOp, list: readonly ChainArgument[]): ChainInstruction => ({
  op,
  attributes: settings[op.name] ?? {},
  arguments: list,
});

function lower(chain: Chain, inputs: readonly Operand[], outputs: readonly Output[]): WasmCall {
  const inPlace = outputs.map((output) => output.inPlace);
  return lowerChain(chain, { attributes: {}, inputs, outputs, inPlace });
}

const interpreted: Run = (_, call) => [call.entry, call.words];
const compiled: Run = (kernels, { chain }) => [compile(kernels, chain!.code), chain!.words];

const cache = new Map<Kernels, Map<string, (args: number) => void>>();
function compile(kernels: Kernels, code: ChainCode, others: Record<string, unknown> = {}): (args: number) => void {
  if (!cache.has(kernels)) cache.set(kernels, new Map());
  const known = cache.get(kernels)!;
  const key = JSON.stringify(code);
  let compiledChain = Object.keys(others).length > 0 ? undefined : known.get(key);
  if (compiledChain === undefined) {
    expect(isCompilable(code)).toBe(true);
    const module = new WebAssembly.Module(chainModuleBytes([code], false));
    const imports = { kernels: { ...kernels.exports, memory: kernels.memory, ...others } as WebAssembly.ModuleImports };
    compiledChain = new WebAssembly.Instance(module, imports).exports['0'] as (args: number) => void;
    known.set(key, compiledChain);
  }
  return compiledChain;
}

/** The bits of every output. */
function execute(
  kernels: Kernels,
  call: WasmCall,
  run: Run,
  inputs: readonly Operand[],
  outputs: readonly Output[],
): number[][] {
  kernels.reset();
  const places = inputs.map(({ dtype, values }) =>
    dtype === 'int32' ? kernels.int32s(values) : kernels.floats(values),
  );
  const targets = outputs.map(({ shape, inPlace }) =>
    inPlace === null ? kernels.allocate(sizeOf(shape) * 4) : places[inPlace]!,
  );
  const [kernel, words] = run(kernels, call);
  const encode = (word: Word): number => {
    if (typeof word === 'number') return word;
    if ('float' in word) return bits(word.float);
    return (word.list === 'input' ? places : targets)[word.index]!;
  };
  kernels.call(kernel, words.map(encode));
  return targets.map((target, index) => [...kernels.readInt32s(target, sizeOf(outputs[index]!.shape))]);
}

function expectSame(
  kernels: Kernels,
  chain: Chain,
  inputs: readonly Operand[],
  outputs: readonly Output[],
): number[][] {
  const call = lower(chain, inputs, outputs);
  expect(call.chain).toBeDefined();
  const got = execute(kernels, call, compiled, inputs, outputs);
  expect(got).toEqual(execute(kernels, call, interpreted, inputs, outputs));
  return got;
}

const floats = (list: readonly number[]): Float32Array => new Float32Array(Int32Array.from(list).buffer);
const vectorOf = (values: ArrayLike<number>): Operand => ({ shape: [values.length], dtype: 'float32', values });

describe.each(loadBinaries().map((kernels) => [kernels.name, kernels] as const))(
  'compiled chains, %s',
  (_, kernels) => {
    it('have code for every opcode that is a few instructions', () => {
      expect(Object.keys(lines).filter((opcode) => !compiledOps.some(({ wasm }) => wasm === opcode))).toEqual([]);
    });

    it.each(compiledOps.map((op) => [op.name, op] as const))('%s of special values', (_name, op) => {
      const pairs = specials.flatMap((x) => specials.map((y) => [x, y] as const));
      const inputs = [pairs.map(([x]) => x), pairs.map(([, y]) => y), pairs.map(([x, y]) => x + y)].slice(0, op.arity);
      const operands = inputs.map((values) => vectorOf(Float32Array.from(values)));
      const list = operands.map((_operand, value) => ({ value }));
      const chain = { inputCount: op.arity, instructions: [instruction(op, list)], outputs: [op.arity] };
      const output: Output = { shape: [pairs.length], dtype: 'float32', inPlace: null };
      const [got] = expectSame(kernels, chain, operands, [output]);
      floats(got!).forEach((value, index) => {
        const want = referenceOf(
          op,
          operands.map(({ values }) => values[index]!),
        );
        expect(value === want || Object.is(value, want), `${op.name} at ${index}: ${value}, not ${want}`).toBe(true);
      });
    });

    it.each([0, 1, 3, 4, 5, 7, 8, 9, 17, 101, 1031])('copies, converts and updates %i elements', (n) => {
      const op = (name: string): ElementwiseOp => compiledOps.find((other) => other.name === name)!;
      const operands: Operand[] = [
        vectorOf(randoms(n, 1)),
        { shape: [n], dtype: 'int32', values: [...randoms(n, 2)].map((x) => Math.round(x * 1e4)) },
        vectorOf(randoms(n, 3)),
      ];
      const chain: Chain = {
        inputCount: 3,
        instructions: [
          instruction(op('add'), [{ value: 0 }, { value: 1 }]),
          instruction(op('mul'), [{ value: 3 }, { constant: -0 }]),
          instruction(op('sub'), [{ value: 0 }, { constant: 0 }]),
        ],
        outputs: [3, 5, 4, 3],
      };
      const outputs: Output[] = [
        { shape: [n], dtype: 'float32', inPlace: 0 },
        { shape: [n], dtype: 'float32', inPlace: 2 },
        { shape: [n], dtype: 'float32', inPlace: null },
        { shape: [n], dtype: 'int32', inPlace: 1 },
      ];
      expectSame(kernels, chain, operands, outputs);
    });

    it('take many inputs', () => {
      const count = 20;
      const add = compiledOps.find(({ name }) => name === 'add')!;
      const operands = Array.from({ length: count }, (_operand, index) => vectorOf(randoms(29, index)));
      const instructions = operands
        .slice(1)
        .map((_operand, index) =>
          instruction(add, [{ value: index === 0 ? 0 : count + index - 1 }, { value: index + 1 }]),
        );
      // one instruction too many for the interpreter's registers, were they not used again
      const chain = { inputCount: count, instructions, outputs: [count + instructions.length - 1] };
      expectSame(kernels, chain, operands, [{ shape: [29], dtype: 'float32', inPlace: null }]);
    });

    it('agree with the interpreter whatever they are', () => {
      fc.assert(
        fc.property(randomStep, ({ chain, inputs, outputs }) => void expectSame(kernels, chain, inputs, outputs)),
        { numRuns: 400 },
      );
    });

    it('may be cut anywhere', () => {
      fc.assert(
        fc.property(randomStep, fc.array(fc.nat(70), { maxLength: 3 }), ({ chain, inputs, outputs }, cuts) => {
          const call = lower(chain, inputs, outputs);
          const n = sizeOf(outputs[0]!.shape);
          const ends = [...cuts.filter((cut) => cut < n).sort((a, b) => a - b), n];
          const [begin, end] = [0, 0].map((value) => new WebAssembly.Global({ value: 'i32', mutable: true }, value));
          const take = (count: number, _multiple: number, work: number): boolean => {
            expect(count).toBe(n);
            expect(work).toBeGreaterThan(0);
            return begin!.value !== end!.value;
          };
          const inParts: Run = () => {
            const chainFunction = compile(kernels, call.chain!.code, { take, part_begin: begin, part_end: end });
            const all = (args: number): void => {
              ends.forEach((last, index) => {
                begin!.value = index === 0 ? 0 : ends[index - 1]!;
                end!.value = last;
                chainFunction(args);
              });
            };
            return [all, call.chain!.words];
          };
          expect(execute(kernels, call, inParts, inputs, outputs)).toEqual(
            execute(kernels, call, interpreted, inputs, outputs),
          );
        }),
        { numRuns: 100 },
      );
    });

    it('import a shared memory where threads do', () => {
      const code = lower(simplest, [vectorOf([1])], [{ shape: [1], dtype: 'float32', inPlace: null }]).chain!.code;
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 16, shared: true });
      const start = (isShared: boolean): WebAssembly.Instance =>
        new WebAssembly.Instance(new WebAssembly.Module(chainModuleBytes([code], isShared)), {
          kernels: { ...kernels.exports, memory },
        } as WebAssembly.Imports);
      expect(() => start(true)).not.toThrow();
      expect(() => start(false)).toThrow(WebAssembly.LinkError);
    });
  },
);

describe('the words of a compiled chain', () => {
  const output: Output = { shape: [6, 12], dtype: 'float32', inPlace: null };
  const chainWith = (...shapes: Shape[]): WasmCall['chain'] => {
    const inputs = shapes.map((shape): Operand => ({ shape, dtype: 'float32', values: [] }));
    return lower({ ...simplest, inputCount: inputs.length, outputs: [inputs.length] }, inputs, [output]).chain;
  };

  it('leave sizes, addresses and numbers out of the structure', () => {
    const small = lower(simplest, [vectorOf([1])], [{ shape: [1], dtype: 'float32', inPlace: null }]).chain!;
    const large = lower(simplest, [vectorOf(randoms(9))], [{ shape: [9], dtype: 'float32', inPlace: null }]).chain!;
    expect(small.code).toEqual(large.code);
    expect(small.words).not.toEqual(large.words);
  });

  it('hold rows of one length only', () => {
    expect(chainWith([6, 12], [12], [6, 1])?.code.inputs.map(({ access }) => access)).toEqual([
      'contiguous',
      'row',
      'repeat',
    ]);
    expect(chainWith([6, 12], [12], [1])?.words[1]).toBe(12);
    const cube: Output = { shape: [2, 6, 12], dtype: 'float32', inPlace: null };
    const inputs: Operand[] = [[2, 6, 12], [6, 12], [12]].map((shape) => ({ shape, dtype: 'float32', values: [] }));
    expect(lower({ ...simplest, inputCount: 3, outputs: [3] }, inputs, [cube]).chain).toBeUndefined();
  });

  it('leave short rows and bytes to the interpreter', () => {
    const short: Output = { shape: [12, 4], dtype: 'float32', inPlace: null };
    const inputs: Operand[] = [[12, 4], [4]].map((shape) => ({ shape, dtype: 'float32', values: [] }));
    expect(lower({ ...simplest, inputCount: 2, outputs: [2] }, inputs, [short]).chain).toBeUndefined();
    const bytes = [{ shape: [6, 12], dtype: 'uint8' }] as const;
    expect(
      lowerChain(simplest, { attributes: {}, inputs: bytes, outputs: [output], inPlace: [null] }).chain,
    ).toBeUndefined();
  });
});

const simplest: Chain = {
  inputCount: 1,
  instructions: [
    instruction(
      compiledOps.find(({ name }) => name === 'neg')!,
      [{ value: 0 }],
    ),
  ],
  outputs: [1],
};

function referenceOf(op: ElementwiseOp, values: readonly number[]): number {
  const [x = 0, y = 0, z = 0] = values;
  if (op.name === 'rsqrt') return Math.fround(1 / Math.fround(Math.sqrt(x)));
  return Math.fround(op.reference(settings[op.name] ?? {}, x, y, z));
}

/** A chain with its operands: any structure that is compiled. */
const randomStep = fc
  .record({
    rows: fc.integer({ min: 1, max: 5 }),
    length: fc.oneof(fc.integer({ min: 10, max: 40 }), fc.integer({ min: 1, max: 9 })),
    kinds: fc.array(fc.constantFrom('contiguous', 'contiguous', 'scalar', 'row', 'repeat'), {
      minLength: 1,
      maxLength: 5,
    }),
    dtypes: fc.array(fc.constantFrom('float32', 'float32', 'int32'), { minLength: 8, maxLength: 8 }),
    picks: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat(), fc.nat(), fc.boolean()), { minLength: 1, maxLength: 10 }),
    outputs: fc.array(fc.tuple(fc.nat(), fc.constantFrom('float32', 'float32', 'int32'), fc.boolean()), {
      minLength: 1,
      maxLength: 3,
    }),
    seed: fc.nat(1000),
  })
  .map(({ rows, length, kinds, dtypes, picks, outputs, seed }) => {
    const hasRepeat = kinds.includes('repeat') && rows > 1 && length > 1;
    const isShort = length < 10 && !hasRepeat;
    const shapes: Readonly<Record<string, Shape>> = {
      contiguous: [rows, length],
      scalar: [],
      row: [length],
      repeat: [rows, 1],
    };
    const inputs = kinds.map((kind, index): Operand => {
      const shape = shapes[kind === 'row' && isShort ? 'contiguous' : kind]!;
      const dtype = dtypes[index]! as Operand['dtype'];
      const draws = randoms(sizeOf(shape), seed + index);
      const values = draws.map((x, at) => {
        if (dtype === 'int32') return Math.round(x * 100);
        return (at * 7 + seed + index) % 5 === 0 ? specials[(at + seed) % specials.length]! : x * 4;
      });
      return { shape, dtype, values };
    });
    const instructions = picks.map(([which, ...numbers], index) => {
      const op = compiledOps[which % compiledOps.length]!;
      const values = inputs.length + index;
      const operands = numbers.slice(0, op.arity) as number[];
      const list = operands.map((number, position): ChainArgument =>
        position > 0 && number % 4 === 0
          ? { constant: specials[number % specials.length]! }
          : { value: number % values },
      );
      return instruction(op, list);
    });
    const taken = new Set<number>();
    const results = outputs.map(([, dtype, wantsPlace]): Output => {
      const place = inputs.findIndex(
        ({ shape, dtype: from }, index) => shape === shapes['contiguous'] && from === dtype && !taken.has(index),
      );
      if (wantsPlace && place >= 0) taken.add(place);
      return {
        shape: [rows, length],
        dtype: dtype as Output['dtype'],
        inPlace: wantsPlace && place >= 0 ? place : null,
      };
    });
    const chain: Chain = {
      inputCount: inputs.length,
      instructions,
      outputs: outputs.map(([number]) => inputs.length + (number % instructions.length)),
    };
    return { chain, inputs, outputs: results };
  });
