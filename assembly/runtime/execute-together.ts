// Executes one program with several threads, according to a plan with one byte per instruction, which
// src/backends/wasm/threads/plan.ts creates. The program has the format described in execute.ts.
import { INSTRUCTION_HEAD, PLAN_BARRIER, PLAN_SHARED, PLAN_THREAD_SHIFT, PROGRAM_END } from '../constants';
import { barrier } from './barrier';
import { share } from './part';


/** Executes the part of this thread in `steps` steps. Returns false if another thread has failed. Ends with a barrier. */
export function run_together(program: usize, plan: usize, steps: u32, thread: u32, threads: u32): bool {
  for (; steps > 0; steps--) {
    let at = program, mark = plan;
    for (let kernel = load<u32>(at); kernel != PROGRAM_END; kernel = load<u32>(at)) {
      const how = <u32>load<u8>(mark++);
      if ((how & PLAN_BARRIER) != 0 && !barrier(threads)) return false;
      if (how & PLAN_SHARED) {
        share(thread, threads);
        call_indirect<void>(kernel, at + INSTRUCTION_HEAD);
        share(0, 1);
      } else if (how >> PLAN_THREAD_SHIFT == thread) {
        call_indirect<void>(kernel, at + INSTRUCTION_HEAD);
      }
      at += load<u32>(at, 4);
    }
  }
  return barrier(threads);
}
