/**
 * Encodes a program for the wasm executor: a stream of 32-bit words, for each call [table index, bytes, …words], with
 * operands resolved to addresses. `assembly/runtime/execute.ts` executes it.
 */
import type { WasmCall, Word } from '../../graph/kernel.ts';
import { bufferIndex } from '../../compiler/program.ts';
import type { Program, ProgramStep } from '../../compiler/program.ts';

/** The end marker of the stream; no table index has this value. */
const end = 0xffffffff;
/** The table index and the length of a call. */
const headWords = 2;

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
      words.push(indexOf(call.entry), (headWords + call.words.length) * 4);
      for (const word of call.words) words.push(encodeWord(word, step, addresses, indexOf));
    }
  }
  return Uint32Array.from([...words, end]);
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
