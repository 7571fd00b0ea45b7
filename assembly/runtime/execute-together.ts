// How threads walk one program together: by a plan beside it, one byte an instruction, which src/backends/wasm/threads/plan.ts
// makes. The program is as in execute.ts.
import { barrier } from './barrier';
import { END } from './execute';
import { share } from './part';

/** In the plan: all threads do the instruction, each its part. */
const SHARED: u32 = 1;
/** In the plan: first wait until every thread has come here. */
const BARRIER: u32 = 2;
/** The bits above are the number of the thread that does what is not shared. */
const THREAD_SHIFT: u32 = 2;

/** What each of `threads` threads does of `steps` steps; false when another has failed. Ends with a barrier. */
export function run_together(program: usize, plan: usize, steps: u32, thread: u32, threads: u32): bool {
  for (; steps > 0; steps--) {
    let at = program, mark = plan;
    for (let kernel = load<u32>(at); kernel != END; kernel = load<u32>(at)) {
      const how = <u32>load<u8>(mark++);
      if ((how & BARRIER) != 0 && !barrier(threads)) return false;
      if (how & SHARED) {
        share(thread, threads);
        call_indirect<void>(kernel, at + 8);
        share(0, 1);
      } else if (how >> THREAD_SHIFT == thread) {
        call_indirect<void>(kernel, at + 8);
      }
      at += load<u32>(at, 4);
    }
  }
  return barrier(threads);
}
