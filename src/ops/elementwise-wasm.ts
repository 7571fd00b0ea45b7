/**
 * Turns a chain into the words of the wasm interpreter, whose layout is told in `assembly/elementwise.ts`: operands
 * with their way of broadcasting, then one five-word instruction for each op, over numbered tiles ("registers").
 */
import type { DType } from '../core/dtype.ts';
import { InternalError } from '../core/errors.ts';
import { sizeOf } from '../core/shape.ts';
import type { Shape } from '../core/shape.ts';
import { opcodes } from '../generated/wasm/opcodes.ts';
import { accessOf } from '../graph/chain.ts';
import type { Chain, ChainArgument, ChainInstruction } from '../graph/chain.ts';
import { float, input, output } from '../graph/kernel.ts';
import type { StepTypes, WasmCall, Word } from '../graph/kernel.ts';
import { lowerChainCode } from './elementwise-code.ts';

/** Tiles that the interpreter has. */
export const registerCount = 32;

const dtypeCodes: Readonly<Record<DType, number>> = { float32: 0, int32: 1, uint8: 2 };

/** The call of the interpreter, and the chain's compiled form where it has one. */
export function lowerChain(chain: Chain, step: StepTypes<unknown>): WasmCall {
  const code = lowerChainCode(chain, step);
  return { ...lowerChainWords(chain, step), ...(code && { chain: code }) };
}

function lowerChainWords(chain: Chain, { inputs, outputs }: Pick<StepTypes<unknown>, 'inputs' | 'outputs'>): WasmCall {
  const { shape } = outputs[0]!;
  const registers = assignRegisters(chain);
  const instructions = [
    ...registers.constants.map(loadConstant),
    ...chain.instructions.map((instruction, index) => encode(instruction, index)),
  ];
  const words: Word[] = [sizeOf(shape), inputs.length, outputs.length, instructions.length];
  inputs.forEach((type, index) => words.push(input(index), ...accessWords(type.shape, shape, type.dtype)));
  outputs.forEach((type, index) => {
    words.push(output(index), registers.ofValue[chain.outputs[index]!]!, dtypeCodes[type.dtype]);
  });
  return { entry: 'elementwise', words: [...words, ...instructions.flat()] };

  function loadConstant([value, register]: readonly [number, number]): Word[] {
    return [opcodes.indexOf('constant'), register, 0, 0, float(value)];
  }

  function encode({ op, attributes, arguments: list }: ChainInstruction, index: number): Word[] {
    const code = opcodes.indexOf(op.wasm);
    if (code < 0) throw new InternalError(`elementwise: assembly/opcodes.ts has no opcode '${op.wasm}'`);
    const operands: Word[] = list.map((argument) => registers.ofArgument(argument));
    // Immediates stand at the end: in c, or in b and c.
    const immediates: Word[] = (op.immediates?.(attributes) ?? []).map(float);
    const padding = new Array<Word>(3 - operands.length - immediates.length).fill(0);
    return [code, registers.ofValue[chain.inputCount + index]!, ...operands, ...padding, ...immediates];
  }
}

interface Registers {
  /** By value number. */
  readonly ofValue: readonly number[];
  readonly ofArgument: (argument: ChainArgument) => number;
  readonly constants: readonly (readonly [value: number, register: number])[];
}

/**
 * Inputs and constants keep a register each; an instruction takes one whose value nobody reads any more, so that a
 * chain touches few tiles and they stay in the first-level cache. Outputs are stored at the end and keep theirs.
 */
function assignRegisters(chain: Chain): Registers {
  const lastUse = new Map<number, number>();
  chain.instructions.forEach(({ arguments: list }, position) => {
    for (const argument of list) if ('value' in argument) lastUse.set(argument.value, position);
  });
  for (const value of chain.outputs) lastUse.set(value, Infinity);
  const ofValue = Array.from({ length: chain.inputCount }, (_, index) => index);
  const constants: (readonly [number, number])[] = [];
  let next = chain.inputCount;
  // Not a Map: 0 and −0 are one key of a map.
  const constantRegister = (constant: number): number => {
    const known = constants.find(([other]) => Object.is(other, constant));
    if (known !== undefined) return known[1];
    constants.push([constant, next]);
    return next++;
  };
  for (const argument of chain.instructions.flatMap(({ arguments: list }) => list)) {
    if ('constant' in argument) constantRegister(argument.constant);
  }
  const free: number[] = [];
  const busy: { value: number; register: number }[] = [];
  chain.instructions.forEach((_, position) => {
    const value = chain.inputCount + position;
    const register = free.pop() ?? next++;
    ofValue.push(register);
    busy.push({ value, register });
    for (let index = busy.length - 1; index >= 0; index--) {
      if ((lastUse.get(busy[index]!.value) ?? -1) <= position) free.push(busy.splice(index, 1)[0]!.register);
    }
  });
  if (next > registerCount) throw new InternalError(`elementwise: a chain needs ${next} registers of ${registerCount}`);
  const ofArgument = (argument: ChainArgument): number =>
    'value' in argument ? ofValue[argument.value]! : constantRegister(argument.constant);
  return { ofValue, ofArgument, constants };
}

/** Kind, dtype and the numbers of an operand's broadcast. */
function accessWords(from: Shape, to: Shape, dtype: DType): number[] {
  const access = accessOf(from, to);
  const code = dtypeCodes[dtype];
  switch (access.kind) {
    case 'contiguous':
      return [0, code];
    case 'scalar':
      return [1, code];
    case 'row':
      return [2, code, access.period];
    case 'repeat':
      return [3, code, access.count];
    case 'strided':
      return [4, code, access.shape.length, ...access.shape, ...access.strides];
  }
}
