/**
 * Compiled chains: every instruction against the reference of its op on special values, and random chains bit for bit against
 * their instructions one at a time: with every way to read an input, in place, with odd lengths, in parts.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chainModuleBytes } from '../../src/backends/wasm/chains/module.ts';
import { inlineOps } from '../../src/backends/wasm/chains/ops.ts';
import type { Shape } from '../../src/core/shape.ts';
import { sizeOf } from '../../src/core/shape.ts';
import type { Chain } from '../../src/graph/chain.ts';
import type { ElementwiseOp } from '../../src/graph/op.ts';
import { loadBinaries, randoms } from '../assembly/kernels.ts';
import { compile, elementwiseOps, execute, executeOneByOne, floats, instruction, lower } from '../support/chains.ts';
import { randomStep, settings, specials, vectorOf } from '../support/chains.ts';
import type { Operand, Output } from '../support/chains.ts';

/** The inline ops. Functions are tested in test/assembly/math.test.ts. */
const exactOps = elementwiseOps.filter(({ wasm }) => wasm in inlineOps);
const opNamed = (name: string): ElementwiseOp => elementwiseOps.find((other) => other.name === name)!;

function referenceOf(op: ElementwiseOp, values: readonly number[]): number {
  const [x = 0, y = 0, z = 0] = values;
  // two instructions, each with a rounding
  if (op.name === 'scaleShift') return Math.fround(Math.fround(x * y) + z);
  if (op.name === 'rsqrt') return Math.fround(1 / Math.fround(Math.sqrt(x)));
  return Math.fround(op.reference(settings[op.name] ?? {}, x, y, z));
}

const simplest: Chain = {
  inputCount: 1,
  instructions: [instruction(opNamed('neg'), [{ value: 0 }])],
  outputs: [1],
};

describe.each(loadBinaries().map((kernels) => [kernels.name, kernels] as const))(
  'compiled chains, %s',
  (_, kernels) => {
    it('have no instructions that no op names', () => {
      expect(Object.keys(inlineOps).filter((name) => !exactOps.some(({ wasm }) => wasm === name))).toEqual([]);
    });

    it.each(exactOps.map((op) => [op.name, op] as const))('%s of special values', (_name, op) => {
      const pairs = specials.flatMap((x) => specials.map((y) => [x, y] as const));
      const inputs = [pairs.map(([x]) => x), pairs.map(([, y]) => y), pairs.map(([x, y]) => x + y)].slice(0, op.arity);
      const operands = inputs.map((values) => vectorOf(Float32Array.from(values)));
      const list = operands.map((_operand, value) => ({ value }));
      const chain = { inputCount: op.arity, instructions: [instruction(op, list)], outputs: [op.arity] };
      const output: Output = { shape: [pairs.length], dtype: 'float32', inPlace: null };
      const [got] = execute(kernels, lower(chain, operands, [output]), operands, [output]);
      floats(got!).forEach((value, index) => {
        const want = referenceOf(
          op,
          operands.map(({ values }) => values[index]!),
        );
        expect(value === want || Object.is(value, want), `${op.name} at ${index}: ${value}, not ${want}`).toBe(true);
      });
    });

    it.each([0, 1, 3, 4, 5, 7, 8, 9, 17, 101, 1031])('copies, converts and updates %i elements', (n) => {
      const wholes = (seed: number, range: number): number[] => [...randoms(n, seed)].map((x) => Math.round(x * range));
      const operands: Operand[] = [
        vectorOf(randoms(n, 1)),
        { shape: [n], dtype: 'int32', values: wholes(2, 1e4) },
        vectorOf(randoms(n, 3)),
        { shape: [n], dtype: 'uint8', values: wholes(4, 127).map((x) => x + 128) },
      ];
      const [add, mul, sub] = [opNamed('add'), opNamed('mul'), opNamed('sub')];
      const chain: Chain = {
        inputCount: 4,
        instructions: [
          instruction(add, [{ value: 0 }, { value: 1 }]),
          instruction(mul, [{ value: 4 }, { constant: -0 }]),
          instruction(sub, [{ value: 3 }, { constant: 0 }]),
        ],
        outputs: [4, 6, 5, 4],
      };
      const outputs: Output[] = [
        { shape: [n], dtype: 'float32', inPlace: 0 },
        { shape: [n], dtype: 'float32', inPlace: 2 },
        { shape: [n], dtype: 'float32', inPlace: null },
        { shape: [n], dtype: 'int32', inPlace: 1 },
      ];
      const [sum, bytes, product, whole] = execute(kernels, lower(chain, operands, outputs), operands, outputs);
      const sums = Array.from({ length: n }, (_sum, i) =>
        Math.fround(operands[0]!.values[i]! + operands[1]!.values[i]!),
      );
      expect([...floats(sum!)]).toEqual(sums);
      expect([...floats(bytes!)]).toEqual(operands[3]!.values);
      expect([...floats(product!)]).toEqual(sums.map((x) => x * -0));
      expect(whole).toEqual(sums.map((x) => Math.trunc(x) + 0));
    });

    it('take many inputs', () => {
      const count = 20;
      const operands = Array.from({ length: count }, (_operand, index) => vectorOf(randoms(29, index)));
      const instructions = operands
        .slice(1)
        .map((_operand, index) =>
          instruction(opNamed('add'), [{ value: index === 0 ? 0 : count + index - 1 }, { value: index + 1 }]),
        );
      const chain = { inputCount: count, instructions, outputs: [count + instructions.length - 1] };
      const output: Output = { shape: [29], dtype: 'float32', inPlace: null };
      const [got] = execute(kernels, lower(chain, operands, [output]), operands, [output]);
      const sum = operands.reduce(
        (total, { values }) => total.map((x, i) => Math.fround(x + values[i]!)),
        new Array<number>(29).fill(0),
      );
      expect([...floats(got!)]).toEqual(sum);
    });

    it('agree with their instructions one at a time, whatever they are', () => {
      fc.assert(
        fc.property(randomStep, ({ chain, inputs, outputs }) => {
          const got = execute(kernels, lower(chain, inputs, outputs), inputs, outputs);
          expect(got).toEqual(executeOneByOne(kernels, chain, inputs, outputs));
        }),
        { numRuns: 400 },
      );
    });

    it('may be cut anywhere', () => {
      fc.assert(
        fc.property(randomStep, fc.array(fc.nat(100), { maxLength: 3 }), ({ chain, inputs, outputs }, cuts) => {
          const call = lower(chain, inputs, outputs);
          const n = sizeOf(outputs[0]!.shape);
          const ends = [...cuts.filter((cut) => cut < n).sort((a, b) => a - b), n];
          const [begin, end] = [0, 0].map((value) => new WebAssembly.Global({ value: 'i32', mutable: true }, value));
          const take = (count: number, _multiple: number, work: number): boolean => {
            expect(count).toBe(n);
            expect(work).toBeGreaterThan(0);
            return begin!.value !== end!.value;
          };
          const part = compile(kernels, call.entry, { take, part_begin: begin, part_end: end });
          const inParts = (args: number): void => {
            ends.forEach((last, index) => {
              begin!.value = index === 0 ? 0 : ends[index - 1]!;
              end!.value = last;
              part(args);
            });
          };
          const whole = execute(kernels, call, inputs, outputs);
          expect(execute(kernels, call, inputs, outputs, inParts)).toEqual(whole);
        }),
        { numRuns: 200 },
      );
    });

    it('import a shared memory where threads do', () => {
      const { entry } = lower(simplest, [vectorOf([1])], [{ shape: [1], dtype: 'float32', inPlace: null }]);
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 16, shared: true });
      const start = (isShared: boolean): WebAssembly.Instance =>
        new WebAssembly.Instance(new WebAssembly.Module(chainModuleBytes([entry], ['chain'], isShared)), {
          env: { ...kernels.exports, memory },
        } as WebAssembly.Imports);
      expect(() => start(true)).not.toThrow();
      expect(() => start(false)).toThrow(WebAssembly.LinkError);
    });
  },
);

describe('the words of a compiled chain', () => {
  const chainOf = (shape: Shape, ...shapes: Shape[]): ReturnType<typeof lower> => {
    const inputs = shapes.map((from): Operand => ({ shape: from, dtype: 'float32', values: [] }));
    const chain = { ...simplest, inputCount: inputs.length, outputs: [inputs.length] };
    return lower(chain, inputs, [{ shape, dtype: 'float32', inPlace: null }]);
  };

  it('leave sizes, addresses and numbers out of the structure', () => {
    const [small, large] = [chainOf([1, 5], [1, 5]), chainOf([9, 5], [9, 5])];
    expect(small.entry).toEqual(large.entry);
    expect(small.words).not.toEqual(large.words);
  });

  it('join the axes that all inputs have or lack', () => {
    const { entry, words } = chainOf([6, 2, 3, 1, 4], [6, 2, 3, 1, 4], [3, 1, 4], [6, 2, 1, 1, 1], [1]);
    expect(entry.inputs.map(({ walks }) => walks)).toEqual([
      [true, true],
      [false, true],
      [true, false],
      [false, false],
    ]);
    expect(words.slice(0, 2)).toEqual([144, 12]);
    expect(chainOf([2, 6, 12], [2, 6, 12], [6, 12], [12]).words.slice(0, 3)).toEqual([144, 6, 12]);
  });
});
