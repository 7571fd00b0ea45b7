/**
 * Generates the code of a compiled chain: a function with one parameter, the address of its words.
 *
 *   word 0   n, elements of every output
 *   then     sizes of the axes of the walk, without the first
 *   then     a pointer for each input, and for each output
 *   then     the float32 constants
 *
 * Sizes, addresses and numbers are words, so chains with the same structure share a function. Like every kernel, it
 * calls `take` for this thread's range of elements (assembly/runtime/share.ts), which may begin and end within a row.
 *
 * Elements are processed row by row, or as a single row; row.ts generates the code of a row. At the start of each row,
 * the pointers of inputs that are not contiguous are set: an input that repeats one row restarts, an input with one
 * element per row advances by one, and a strided input is located by the row's indices.
 */
import type { ChainCode } from '../../../graph/kernel.ts';
import { block, branchIf, call, f64, get, getGlobal, i32, repeatWhile, set, v128 } from './encoding.ts';
import { types, unsigned, vector } from './encoding.ts';
import type { Code } from './encoding.ts';
import { inlineOps, workOf } from './ops.ts';
import { Row } from './row.ts';

/** Import indices: functions of assembly/runtime/share.ts and of the ops' modules, and two globals. */
export const imports = { take: 0, functions: 1, partBegin: 0, partEnd: 1 } as const;

/** A thread's range starts at a multiple of this, so that threads write whole cache lines. */
const partMultiple = 64;

/**
 * Local indices: the parameter, integers, then a pointer for each operand and an index for each axis. The vectors
 * follow.
 */
const [args, first, count, left, rowNumber, rest, firstPointer] = [0, 1, 2, 3, 4, 5, 6];

const word = (index: number): Code => i32.load(4 * index, get(args));
const n = word(0);

/** The locals and instructions of a chain, as a code section needs them. `functions` are imported in this order. */
export function chainBody(code: ChainCode, functions: readonly string[]): Code {
  return new ChainFunction(code, functions).body();
}

/** How an input's pointer is set at the start of a row. */
type Access = 'contiguous' | 'scalar' | 'row' | 'repeat' | 'strided';

function accessOf(walks: readonly boolean[]): Access {
  const outer = walks.slice(0, -1);
  const inner = walks.at(-1)!;
  if (walks.every((has) => has === inner)) return inner ? 'contiguous' : 'scalar';
  if (outer.every((has) => has !== inner)) return inner ? 'row' : 'repeat';
  return 'strided';
}

class ChainFunction {
  readonly #code: ChainCode;
  readonly #axes: number;
  readonly #operands: number;
  readonly #row: Row;
  readonly #of: Readonly<Record<Access, readonly number[]>>;
  readonly #walksRow: (input: number) => boolean;

  constructor(code: ChainCode, functions: readonly string[]) {
    const { inputs, outputs } = code;
    this.#code = code;
    this.#axes = inputs[0]?.walks.length ?? 1;
    this.#operands = inputs.length + outputs.length;
    const accesses = inputs.map(({ walks }) => accessOf(walks));
    const accessed = (kind: Access): number[] => accesses.flatMap((access, index) => (access === kind ? [index] : []));
    const ownOutputs = outputs.flatMap(({ inPlace }, index) => (inPlace === null ? [inputs.length + index] : []));
    this.#of = {
      contiguous: [...accessed('contiguous'), ...ownOutputs],
      scalar: accessed('scalar'),
      row: accessed('row'),
      repeat: accessed('repeat'),
      strided: accessed('strided'),
    };
    this.#walksRow = (input) => inputs[input]!.walks.at(-1)!;
    this.#row = new Row(code, {
      moving: [...this.#of.contiguous, ...this.#of.row, ...this.#of.strided.filter(this.#walksRow)],
      left,
      pointer: (operand) => firstPointer + operand,
      firstValue: firstPointer + this.#operands + this.#axes,
      emit: (name, operands, numbers) => {
        const emitOp = inlineOps[name];
        if (emitOp) return emitOp(operands[0]!, operands[1] ?? [], operands[2] ?? [], numbers);
        return call(imports.functions + functions.indexOf(name), ...operands);
      },
    });
  }

  body(): Code {
    const { inputs, constants, instructions } = this.#code;
    const row = this.#row;
    const work = 0.05 * this.#operands + instructions.reduce((sum, [name]) => sum + workOf(name), 0);
    const totalWork = f64.mul(f64.fromInt(n), f64.const(work));
    const isOneRow = this.#of.row.length + this.#of.repeat.length + this.#of.strided.length === 0;
    const main = block(
      branchIf(0, i32.isZero(call(imports.take, n, i32.const(partMultiple), totalWork))),
      set(first, getGlobal(imports.partBegin)),
      set(count, i32.sub(getGlobal(imports.partEnd), get(first))),
      row.setNumbers(),
      Array.from({ length: constants }, (_, index) =>
        set(row.value(inputs.length + index), v128.loadSplat(4 * (this.#axes + this.#operands + index), get(args))),
      ),
      this.#of.scalar.map((index) => row.splat(index, this.#address(index))),
      this.#of.contiguous.map((index) => this.#pointTo(index, get(first))),
      isOneRow ? [set(left, get(count)), row.code()] : this.#allRows(),
    );
    const locals = [
      [unsigned(firstPointer - 1 + this.#operands + this.#axes), types.i32],
      [unsigned(row.valueCount), types.v128],
    ];
    return [vector(locals), main, 0x0b];
  }

  /** Processes `count` elements from `first` on, which need not be at the start of a row. */
  #allRows(): Code {
    const row = this.#row;
    const { repeat, strided } = this.#of;
    const length = word(this.#axes - 1);
    return [
      set(rowNumber, i32.divide(get(first), length)),
      repeat.map((index) => this.#pointTo(index, get(rowNumber))),
      set(first, i32.remainder(get(first), length)), // from here on an index within the row
      repeatWhile(
        get(count),
        set(left, i32.sub(length, get(first))),
        set(left, i32.select(get(left), get(count), i32.less(get(left), get(count)))),
        set(count, i32.sub(get(count), get(left))),
        this.#of.row.map((index) => this.#pointTo(index, get(first))),
        repeat.map((index) => [row.splat(index, get(row.pointer(index))), row.advance(index, 1)]),
        strided.length > 0 ? this.#locateStrided() : [],
        row.code(),
        set(first, i32.const(0)),
      ),
    ];
  }

  /** Sets the pointers of the strided inputs for row `rowNumber`, and increments `rowNumber`. */
  #locateStrided(): Code {
    const row = this.#row;
    const axes = this.#axes;
    const outer = axes - 1;
    const axisIndex = (axis: number): number => firstPointer + this.#operands + axis;
    const indices = Array.from({ length: outer - 1 }, (_, position) => {
      const axis = outer - 1 - position;
      return [set(axisIndex(axis), i32.remainder(get(rest), word(axis))), set(rest, i32.divide(get(rest), word(axis)))];
    });
    const pointers = this.#of.strided.map((input) => {
      const { walks } = this.#code.inputs[input]!;
      // An axis that the input does not have is skipped.
      const element = walks.reduce<Code | null>((offset, has, axis) => {
        if (!has) return offset;
        const index = get(axis < outer ? axisIndex(axis) : first);
        return offset === null ? index : i32.add(i32.mul(offset, word(axis)), index);
      }, null)!;
      return this.#walksRow(input)
        ? this.#pointTo(input, element)
        : row.splat(input, i32.add(this.#address(input), row.bytes(input, element)));
    });
    return [
      set(rest, get(rowNumber)),
      indices,
      set(axisIndex(0), get(rest)),
      pointers,
      set(rowNumber, i32.add(get(rowNumber), i32.const(1))),
    ];
  }

  #address(operand: number): Code {
    return word(this.#axes + operand);
  }

  #pointTo(operand: number, element: Code): Code {
    return set(this.#row.pointer(operand), i32.add(this.#address(operand), this.#row.bytes(operand, element)));
  }
}
