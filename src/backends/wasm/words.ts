/**
 * Encodes a program for the wasm executor: a stream of 32-bit words, for each call [table index, bytes, …words], with
 * operands resolved to addresses. `assembly/runtime/execute.ts` executes it.
 */
import { instructionHead, programEnd } from '../../generated/wasm/constants.ts';
import type { WasmCall, Word } from '../../graph/kernel.ts';
import { bufferIndex } from '../../compiler/program.ts';
import type { Program, ProgramStep } from '../../compiler/program.ts';

/**
 * Encodes `program` as words.
 *
 * @param addresses the address of each of the program's buffers
 * @param indexOf returns the index of an entry in the function table
 */
export function encodeProgram(
  program: Program,
  addresses: readonly number[],
  indexOf: (entry: WasmCall['entry']) => number,
): Uint32Array<ArrayBuffer> {
  const words: number[] = [];
  for (const step of program.steps) {
    for (const call of step.calls) {
      words.push(indexOf(call.entry), instructionHead + 4 * call.words.length);
      for (const word of call.words) words.push(encodeWord(word, step, addresses, indexOf));
    }
  }
  return Uint32Array.from([...words, programEnd]);
}

const floatBits = new DataView(new ArrayBuffer(4));

function encodeWord(
  word: Word,
  step: ProgramStep,
  addresses: readonly number[],
  indexOf: (entry: string) => number,
): number {
  if (typeof word !== 'object') return Number(word) >>> 0;
  if ('entry' in word) return indexOf(word.entry);
  if ('float' in word) {
    floatBits.setFloat32(0, word.float);
    return floatBits.getUint32(0);
  }
  return addresses[bufferIndex(step, word)]! + (word.byteOffset ?? 0);
}
