/**
 * Decides how threads walk a program: which instructions all of them do, each its part, who does the others, and where
 * all wait for each other. The plan is one byte an instruction, in linear memory beside the program;
 * `assembly/runtime/execute.ts` follows it.
 *
 * It is made once, from the shapes alone, and every part of a kernel gives the same bits whoever does it; so a run gives
 * the same bits for any number of threads.
 */
import type { Program, ProgramStep } from '../../../compiler/program.ts';
import type { WasmCall } from '../../../graph/kernel.ts';

/** Bits of the plan, as in `assembly/runtime/execute.ts`; above them the thread that does what is not shared. */
const marks = { shared: 1, barrier: 2, thread: 4 } as const;

/** Kernels that ask `take` of `assembly/runtime/share.ts` for their part, as compiled chains do. All others run on one thread. */
export const sharedKernels: ReadonlySet<string> = new Set([
  'argmax',
  'column_moments',
  'column_products',
  'copy',
  'dropout_mask',
  'fill',
  'first_non_finite',
  'gather',
  'gather_batch',
  'layer_norm',
  'layer_norm_gradient',
  'layer_norm_sums',
  'log_softmax',
  'matmul',
  'random_uniform',
  'recurrent',
  'recurrent_gradient',
  'recurrent_pack',
  'reduce',
  'reduce_more',
  'scatter_add',
  'softmax',
  'softmax_cross_entropy',
  'sparse_softmax_cross_entropy',
  'strided_copy',
]);

/** Those of them whose threads have scratch memory of their own, and leave the program's alone. */
const withOwnScratch: ReadonlySet<string> = new Set(['matmul']);

/** Nanoseconds of work from which an instruction is shared: below, moving its operands between caches costs more. */
export const shareThreshold = 4000;
/** What meeting at a barrier takes, in nanoseconds, with the waiting for the slower. */
const barrierCost = 1000;
/** What a kernel takes that says nothing about its work. */
const unknownWork = 200;
/** Nanoseconds that a step has to gain: less is lost in waking the threads. */
const leastGain = 20_000;

export interface ThreadPlan {
  readonly marks: Uint8Array;
  readonly isWorthwhile: boolean;
}

export interface PlanRequest {
  readonly program: Program;
  /** Addresses of the program's buffers. */
  readonly addresses: readonly number[];
  /** Places in the function table. */
  readonly indexOf: (entry: WasmCall['entry']) => number;
  /** The address of the instruction stream, already written. */
  readonly stream: number;
  readonly threads: number;
  /** What a kernel that can be shared says about its work, in nanoseconds. */
  readonly workOf: (index: number, words: number) => number;
  readonly threshold: number;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

interface Instruction {
  /** The thread that does it; null when all do, each its part. */
  readonly thread: number | null;
  readonly reads: readonly Range[];
  readonly writes: readonly Range[];
}

export function planThreads(request: PlanRequest): ThreadPlan {
  const { program, indexOf, threads, threshold } = request;
  const plan: number[] = [];
  let at = request.stream;
  let [alone, together] = [0, 0];
  const phase = new Phase(threads);
  for (const step of program.steps) {
    for (const call of step.calls) {
      const canShare = typeof call.entry !== 'string' || sharedKernels.has(call.entry);
      const known = canShare ? request.workOf(indexOf(call.entry), at + 8) : 0;
      const isShared = known > 0 && known >= threshold;
      const leavesScratch = isShared && typeof call.entry === 'string' && withOwnScratch.has(call.entry);
      const { reads, writes } = accesses(step, leavesScratch);
      let thread = isShared ? null : phase.threadFor(reads, writes);
      const waits =
        plan.length === 0 || thread === undefined || (isShared && phase.conflicts(reads, writes).length > 0);
      if (waits) together += phase.end() + barrierCost;
      if (thread === undefined) thread = 0;
      const work = Math.max(known, unknownWork);
      phase.add({ thread, reads, writes }, work);
      alone += work;
      plan.push((isShared ? marks.shared : 0) | (waits ? marks.barrier : 0) | ((thread ?? 0) * marks.thread));
      at += 8 + 4 * call.words.length;
    }
  }
  together += phase.end() + barrierCost;
  return { marks: Uint8Array.from(plan), isWorthwhile: threshold === 0 || alone - together >= leastGain };

  function accesses({ inputs, outputs, scratch }: ProgramStep, leavesScratch: boolean): Omit<Instruction, 'thread'> {
    const rangeOf = (buffer: number): Range => {
      const start = request.addresses[buffer]!;
      return { start, end: start + program.buffers[buffer]!.bytes };
    };
    const written = leavesScratch ? outputs : [...outputs, ...scratch];
    return { reads: inputs.map(rangeOf), writes: written.map(rangeOf) };
  }
}

/** What lies between two barriers: nothing in it waits for what another thread does in it. */
class Phase {
  #instructions: Instruction[] = [];
  readonly #work: number[];

  constructor(threads: number) {
    this.#work = new Array<number>(threads).fill(0);
  }

  /** The instructions that must be done before one with these reads and writes begins. */
  conflicts(reads: readonly Range[], writes: readonly Range[]): Instruction[] {
    return this.#instructions.filter(
      (earlier) => overlap(earlier.writes, reads) || overlap(earlier.writes, writes) || overlap(earlier.reads, writes),
    );
  }

  /**
   * Who may do an instruction alone: the one thread that did all it depends on, or the one with the least to do.
   * Undefined when it has to wait for several.
   */
  threadFor(reads: readonly Range[], writes: readonly Range[]): number | undefined {
    const makers = new Set(this.conflicts(reads, writes).map(({ thread }) => thread));
    if (makers.size === 0) return this.#work.indexOf(Math.min(...this.#work));
    const [maker] = makers;
    return makers.size === 1 && maker !== null ? maker : undefined;
  }

  add(instruction: Instruction, work: number): void {
    const { thread } = instruction;
    this.#instructions.push(instruction);
    this.#work.forEach((sum, index) => {
      this.#work[index] = sum + (thread === null ? work / this.#work.length : thread === index ? work : 0);
    });
  }

  /** Begins the next phase; the time that this one takes. */
  end(): number {
    const longest = Math.max(...this.#work);
    this.#instructions = [];
    this.#work.fill(0);
    return longest;
  }
}

function overlap(some: readonly Range[], others: readonly Range[]): boolean {
  return some.some((a) => others.some((b) => a.start < b.end && b.start < a.end));
}
