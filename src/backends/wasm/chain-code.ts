/**
 * The code of a compiled chain: a function of one address, where its words lie.
 *
 *   word 0  n        elements of every output
 *   word 1  length   of a row, where an input is broadcast along rows or across them; else unused
 *   then a pointer for each input, and for each output
 *   then the float32 constants
 *
 * Sizes, addresses and numbers are all words, so chains of one structure share one function. Like every kernel it asks
 * `take` for this thread's part of the elements (assembly/share.ts), which may begin and end within a row.
 *
 * Elements are walked row by row, or as one row; a row by two vectors of four lanes at a time, then by one, then by two
 * elements and by one. A vector's inputs are loaded before its outputs are stored, so an output may lie on an input.
 */
import type { ChainCode } from '../../graph/kernel.ts';
import { block, branchIf, call, f32x4, f64, get, getGlobal, i32, repeatWhile, set } from './chain-encoding.ts';
import { types, unsigned, v128, vector, when } from './chain-encoding.ts';
import type { Code, Load, Store } from './chain-encoding.ts';
import { lines, workOf } from './chain-ops.ts';

/** Indices of what the module imports: a function and two globals of assembly/share.ts. */
export const imports = { take: 0, partBegin: 0, partEnd: 1 } as const;

/** A part begins at a multiple of this: whole cache lines to each thread. */
const partMultiple = 64;
const headWords = 2;

/** Locals: the parameter, integers, then a pointer for each operand. The vectors follow. */
const [args, first, count, left, firstPointer] = [0, 1, 2, 3, 4];

const word = (index: number): Code => i32.load(4 * index, get(args));
const [n, length] = [word(0), word(1)];
const bytesOf = (elements: Code): Code => i32.shiftLeft(elements, i32.const(2));
const advance = (local: number, by: number): Code => set(local, i32.add(get(local), i32.const(by)));

/** Whether there is code for every opcode. */
export function isCompilable({ instructions }: ChainCode): boolean {
  return instructions.every(([opcode]) => opcode in lines);
}

/** Locals and instructions, as a code section wants them. */
export function chainBody(code: ChainCode): number[] {
  return new ChainFunction(code).body();
}

class ChainFunction {
  private readonly code: ChainCode;
  private readonly operands: number;
  private readonly zero: number;
  private readonly one: number;
  /** Operands whose pointers move along a row. */
  private readonly walked: readonly number[];
  private readonly rows: readonly number[];
  private readonly repeats: readonly number[];

  constructor(code: ChainCode) {
    const { inputs, outputs, constants, instructions } = code;
    this.code = code;
    this.operands = inputs.length + outputs.length;
    this.zero = this.value(inputs.length + constants + instructions.length);
    this.one = this.zero + 1;
    const accessed = (kind: string): number[] =>
      inputs.flatMap(({ access }, index) => (access === kind ? [index] : []));
    const own = outputs.flatMap(({ inPlace }, index) => (inPlace === null ? [inputs.length + index] : []));
    this.walked = [...accessed('contiguous'), ...own];
    this.rows = accessed('row');
    this.repeats = accessed('repeat');
  }

  body(): number[] {
    const { inputs, constants, instructions } = this.code;
    const work = 0.05 * this.operands + instructions.reduce((sum, [opcode]) => sum + workOf(opcode), 0);
    const totalWork = f64.mul(f64.fromInt(n), f64.const(work));
    const inRows = this.rows.length + this.repeats.length > 0;
    const main = block(
      branchIf(0, i32.isZero(call(imports.take, n, i32.const(partMultiple), totalWork))),
      set(first, getGlobal(imports.partBegin)),
      set(count, i32.sub(getGlobal(imports.partEnd), get(first))),
      set(this.zero, v128.zero),
      set(this.one, v128.const(1)),
      ...Array.from({ length: constants }, (_, index) =>
        set(this.value(inputs.length + index), v128.loadSplat(4 * (headWords + this.operands + index), get(args))),
      ),
      ...inputs.map(({ access }, index) => (access === 'scalar' ? this.splat(index, this.address(index)) : [])),
      ...this.walked.map((index) => this.pointTo(index, get(first))),
      inRows ? this.allRows() : [...set(left, get(count)), ...this.row()],
    );
    const locals = [
      [...unsigned(firstPointer - 1 + this.operands), types.i32],
      [...unsigned(this.one + 1 - this.value(0)), types.v128],
    ];
    return [...vector(locals), ...main, 0x0b];
  }

  /** The `count` elements from `first` on, which need not be where a row begins. */
  private allRows(): Code {
    return [
      ...this.repeats.flatMap((index) => this.pointTo(index, i32.divide(get(first), length))),
      ...set(first, i32.remainder(get(first), length)), // from here on a place in the row
      ...repeatWhile(
        get(count),
        set(left, i32.sub(length, get(first))),
        set(left, i32.select(get(left), get(count), i32.less(get(left), get(count)))),
        set(count, i32.sub(get(count), get(left))),
        ...this.rows.map((index) => this.pointTo(index, get(first))),
        ...this.repeats.map((index) => [
          ...this.splat(index, get(this.pointer(index))),
          ...advance(this.pointer(index), 4),
        ]),
        this.row(),
        set(first, i32.const(0)),
      ),
    ];
  }

  /** The `left` elements that the pointers stand at; afterwards they stand behind them. */
  private row(): Code {
    const moving = [...this.walked, ...this.rows];
    const step = (elements: number): Code => moving.flatMap((index) => advance(this.pointer(index), 4 * elements));
    const has = (elements: number): Code => i32.and(get(left), i32.const(elements));
    const hasPair = i32.atLeast(get(left), i32.const(8));
    const one = this.vector(v128.load, v128.store, 0);
    const pair = [...one, ...this.vector(v128.load, v128.store, 16), ...step(8), ...advance(left, -8)];
    return [
      ...when(hasPair, repeatWhile(hasPair, pair)),
      ...when(has(4), one, step(4)),
      ...when(has(2), this.vector(v128.loadLow2, v128.storeLow2, 0), step(2)),
      ...when(has(1), this.vector(v128.loadLow1, v128.storeLow1, 0), step(1)),
    ];
  }

  /** The chain on the vector `offset` bytes behind the pointers. An input is loaded when it is first needed. */
  private vector(load: Load, store: Store, offset: number): Code {
    const { inputs, constants, instructions, outputs } = this.code;
    const code: number[] = [];
    const loaded = new Set<number>();
    const need = (value: number): Code => {
      if (!loaded.has(value) && (this.walked.includes(value) || this.rows.includes(value)) && value < inputs.length) {
        loaded.add(value);
        code.push(...set(this.value(value), this.converted(value, load(offset, get(this.pointer(value))))));
      }
      return get(this.value(value));
    };
    instructions.forEach(([opcode, ...list], index) => {
      const [x = [], y = [], z = []] = list.map(need);
      const result = lines[opcode]!(x, y, z, { zero: get(this.zero), one: get(this.one) });
      code.push(...set(this.value(inputs.length + constants + index), result));
    });
    const results = outputs.map(({ value, dtype }) => (dtype === 'int32' ? f32x4.toInt(need(value)) : need(value)));
    outputs.forEach(({ inPlace }, index) => {
      code.push(...store(offset, get(this.pointer(inPlace ?? inputs.length + index)), results[index]!));
    });
    return code;
  }

  private pointer(operand: number): number {
    return firstPointer + operand;
  }

  private value(index: number): number {
    return firstPointer + this.operands + index;
  }

  private address(operand: number): Code {
    return word(headWords + operand);
  }

  private pointTo(operand: number, element: Code): Code {
    return set(this.pointer(operand), i32.add(this.address(operand), bytesOf(element)));
  }

  /** All lanes of an input's value from one element. */
  private splat(input: number, address: Code): Code {
    return set(this.value(input), this.converted(input, v128.loadSplat(0, address)));
  }

  private converted(input: number, loaded: Code): Code {
    return this.code.inputs[input]!.dtype === 'int32' ? f32x4.fromInt(loaded) : loaded;
  }
}
