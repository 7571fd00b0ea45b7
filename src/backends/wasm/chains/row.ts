/**
 * Generates the innermost code of a compiled chain, one row: two vectors of four lanes at a time, then one vector, then
 * two elements, then one. A vector's inputs are loaded before its outputs are stored, so an output may overwrite an
 * input. code.ts sets the operands' pointers.
 */
import type { DType } from '../../../core/dtype.ts';
import type { ChainCode } from '../../../graph/kernel.ts';
import { f32x4, get, i32, repeatWhile, set, v128, when } from './encoding.ts';
import type { Code, Load, Store } from './encoding.ts';
import type { Numbers } from './ops.ts';

/** Decisions of the surrounding function. */
export interface RowContext {
  /** Operands whose pointers advance along the row: inputs, and outputs that do not share an input's memory. */
  readonly moving: readonly number[];
  /** The local with the number of remaining elements. */
  readonly left: number;
  /** The local of an operand's pointer. */
  pointer(operand: number): number;
  /** The local of the first vector. Values are numbered from there, as in `ChainCode`. */
  readonly firstValue: number;
  /** The code of an instruction. */
  emit(name: string, operands: readonly Code[], numbers: Numbers): Code;
}

/** Loads of 4, 2 and 1 elements, and of one element into all lanes. */
interface Loads {
  readonly four: Load;
  readonly two: Load;
  readonly one: Load;
  readonly splat: Load;
  readonly toFloat: (loaded: Code) => Code;
  /** log2 of the element size in bytes. */
  readonly shift: number;
}

const words = { four: v128.load, two: v128.loadLow2, one: v128.loadLow1, splat: v128.loadSplat, shift: 2 } as const;
const loads: Readonly<Record<DType, Loads>> = {
  float32: { ...words, toFloat: (loaded) => loaded },
  int32: { ...words, toFloat: f32x4.fromInt },
  uint8: {
    four: v128.loadLow1,
    two: v128.loadBytes2,
    one: v128.loadByte,
    splat: v128.loadByteSplat,
    toFloat: (loaded) => f32x4.fromInt(v128.widenWords(v128.widenBytes(loaded))),
    shift: 0,
  },
};

export class Row {
  readonly #chain: ChainCode;
  readonly #context: RowContext;
  readonly #numbers: Numbers;
  /** Number of vector locals. */
  readonly valueCount: number;

  constructor(chain: ChainCode, context: RowContext) {
    const values = chain.inputs.length + chain.constants + chain.instructions.length;
    this.#chain = chain;
    this.#context = context;
    this.#numbers = { zero: get(this.value(values)), one: get(this.value(values + 1)) };
    this.valueCount = values + 2;
  }

  /** Sets the vectors of zeros and ones that instructions use. */
  setNumbers(): Code {
    const values = this.valueCount - 2;
    return [set(this.value(values), v128.zero), set(this.value(values + 1), v128.const(1))];
  }

  /** Processes the `left` elements at the pointers, and advances the pointers past them. */
  code(): Code {
    const { left, moving } = this.#context;
    const step = (elements: number): Code => moving.map((operand) => this.advance(operand, elements));
    const has = (elements: number): Code => i32.and(get(left), i32.const(elements));
    const hasPair = i32.atLeast(get(left), i32.const(8));
    const one = this.#vector('four', v128.store, 0);
    const next = set(left, i32.add(get(left), i32.const(-8)));
    const pair = [one, this.#vector('four', v128.store, 4), step(8), next];
    return [
      when(hasPair, repeatWhile(hasPair, pair)),
      when(has(4), one, step(4)),
      when(has(2), this.#vector('two', v128.storeLow2, 0), step(2)),
      when(has(1), this.#vector('one', v128.storeLow1, 0), step(1)),
    ];
  }

  /**
   * Applies the chain to the vector at `offset` elements from the pointers. An input is loaded when it is first used.
   */
  #vector(width: 'four' | 'two' | 'one', store: Store, offset: number): Code {
    const { inputs, constants, instructions, outputs } = this.#chain;
    const code: Code[] = [];
    const loaded = new Set<number>();
    const need = (value: number): Code => {
      if (value < inputs.length && !loaded.has(value) && this.#context.moving.includes(value)) {
        loaded.add(value);
        const load = this.#loadsOf(value)[width];
        code.push(
          set(this.value(value), this.#converted(value, load(offset << this.#shift(value), get(this.pointer(value))))),
        );
      }
      return get(this.value(value));
    };
    instructions.forEach(([name, ...list], index) => {
      const result = this.#context.emit(name, list.map(need), this.#numbers);
      code.push(set(this.value(inputs.length + constants + index), result));
    });
    const results = outputs.map(({ value, dtype }) => (dtype === 'int32' ? f32x4.toInt(need(value)) : need(value)));
    outputs.forEach(({ inPlace }, index) => {
      code.push(store(4 * offset, get(this.pointer(inPlace ?? inputs.length + index)), results[index]!));
    });
    return code;
  }

  /** The local of a value. */
  value(index: number): number {
    return this.#context.firstValue + index;
  }

  pointer(operand: number): number {
    return this.#context.pointer(operand);
  }

  /** Advances an operand's pointer by `elements`. */
  advance(operand: number, elements: number): Code {
    const pointer = this.pointer(operand);
    return set(pointer, i32.add(get(pointer), i32.const(elements << this.#shift(operand))));
  }

  /** The size in bytes of `elements` of an operand. */
  bytes(operand: number, elements: Code): Code {
    return i32.shiftLeft(elements, i32.const(this.#shift(operand)));
  }

  /** Sets all lanes of an input's value to one element. */
  splat(input: number, address: Code): Code {
    return set(this.value(input), this.#converted(input, this.#loadsOf(input).splat(0, address)));
  }

  #converted(input: number, loaded: Code): Code {
    return this.#loadsOf(input).toFloat(loaded);
  }

  #shift(operand: number): number {
    return this.#loadsOf(operand).shift;
  }

  /** Outputs have 4-byte elements, like float32. */
  #loadsOf(operand: number): Loads {
    return loads[this.#chain.inputs[operand]?.dtype ?? 'float32'];
  }
}
