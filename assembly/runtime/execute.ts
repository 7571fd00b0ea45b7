// The loop that walks a program: what JavaScript calls, once for many training steps.
//
// A program is a stream of instructions in linear memory:
//   word 0  index of the kernel in the exported table
//   word 1  byte length of the whole instruction, these two words included
//   word 2… the kernel's own words, as its file documents them
// and ends with a word 0xffffffff.

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
