// The interpreter loop of a program. JavaScript calls it once for many training steps.
//
// A program is a stream of instructions in linear memory:
//   word 0  index of the kernel in the exported table
//   word 1  byte length of the whole instruction, including these two words
//   word 2… the words of the kernel, as documented in its file
// It ends with a word 0xffffffff.

import { INSTRUCTION_HEAD, PROGRAM_END } from '../constants';

export function run(program: usize, steps: i32): void {
  for (; steps > 0; steps--) {
    let at = program;
    for (let kernel = load<u32>(at); kernel != PROGRAM_END; kernel = load<u32>(at)) {
      call_indirect<void>(kernel, at + INSTRUCTION_HEAD);
      at += load<u32>(at, 4);
    }
  }
}
