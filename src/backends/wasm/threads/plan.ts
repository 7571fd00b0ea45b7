/**
 * Plans how threads execute a program: which instructions all threads share, which thread runs the others, and where
 * all wait at a barrier. The plan is one byte per instruction, in linear memory next to the program;
 * `assembly/runtime/execute-together.ts` follows it.
 *
 * The plan depends only on shapes, and every part of a kernel computes the same bits on any thread, so results are
 * equal to the bit for any number of threads.
 */
import { instructionHead, planBarrier, planShared, planThreadShift } from '../../../generated/wasm/constants.ts';
import type { Program, ProgramStep } from '../../../compiler/program.ts';
import type { WasmCall } from '../../../graph/kernel.ts';

/**
 * Kernels that call `take` of `assembly/runtime/share.ts` for their part, as compiled chains do. All others run on one
 * thread.
 */
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

/** Shared kernels whose threads use private scratch memory instead of the program's. */
const withPrivateScratch: ReadonlySet<string> = new Set(['matmul']);

/**
 * Nanoseconds of work from which an instruction is shared. Below that, moving its operands between caches costs more.
 */
export const shareThreshold = 4000;
/** Cost of a barrier in nanoseconds, including the wait for the slowest thread. */
const barrierCost = 1000;
/** Assumed nanoseconds of a kernel without an estimate. */
const unknownWork = 200;
/** Minimum gain per step in nanoseconds: less is lost in waking the threads. */
const minGain = 20_000;

export interface ThreadPlan {
  readonly marks: Uint8Array;
  readonly isWorthwhile: boolean;
}

export interface PlanRequest {
  readonly program: Program;
  /** Addresses of the program's buffers. */
  readonly addresses: readonly number[];
  /** Indices in the function table. */
  readonly indexOf: (entry: WasmCall['entry']) => number;
  /** The address of the instruction stream, already written. */
  readonly stream: number;
  readonly threads: number;
  /** A shared kernel's estimate of its work, in nanoseconds. */
  readonly workOf: (index: number, words: number) => number;
  readonly threshold: number;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

interface Instruction {
  /** The thread that runs it; null if all threads share it. */
  readonly thread: number | null;
  readonly reads: readonly Range[];
  readonly writes: readonly Range[];
}

export function planThreads(request: PlanRequest): ThreadPlan {
  const { program, indexOf, threads, threshold } = request;
  const plan: number[] = [];
  let address = request.stream;
  let [alone, together] = [0, 0];
  const phase = new Phase(threads);
  for (const step of program.steps) {
    for (const call of step.calls) {
      const canShare = typeof call.entry !== 'string' || sharedKernels.has(call.entry);
      const known = canShare ? request.workOf(indexOf(call.entry), address + instructionHead) : 0;
      const isShared = known > 0 && known >= threshold;
      const skipsScratch = isShared && typeof call.entry === 'string' && withPrivateScratch.has(call.entry);
      const { reads, writes } = accesses(step, skipsScratch);
      let thread = isShared ? null : phase.threadFor(reads, writes);
      const waits =
        plan.length === 0 || thread === undefined || (isShared && phase.conflicts(reads, writes).length > 0);
      if (waits) together += phase.end() + barrierCost;
      if (thread === undefined) thread = 0;
      const work = Math.max(known, unknownWork);
      phase.add({ thread, reads, writes }, work);
      alone += work;
      plan.push((isShared ? planShared : 0) | (waits ? planBarrier : 0) | ((thread ?? 0) << planThreadShift));
      address += instructionHead + 4 * call.words.length;
    }
  }
  together += phase.end() + barrierCost;
  return { marks: Uint8Array.from(plan), isWorthwhile: threshold === 0 || alone - together >= minGain };

  function accesses({ inputs, outputs, scratch }: ProgramStep, skipsScratch: boolean): Omit<Instruction, 'thread'> {
    const rangeOf = (buffer: number): Range => {
      const start = request.addresses[buffer]!;
      return { start, end: start + program.buffers[buffer]!.bytes };
    };
    const written = skipsScratch ? outputs : [...outputs, ...scratch];
    return { reads: inputs.map(rangeOf), writes: written.map(rangeOf) };
  }
}

/** The instructions between two barriers: none depends on another thread's instruction in the same phase. */
class Phase {
  #instructions: Instruction[] = [];
  readonly #work: number[];

  constructor(threads: number) {
    this.#work = new Array<number>(threads).fill(0);
  }

  /** The instructions that must complete before one with these reads and writes begins. */
  conflicts(reads: readonly Range[], writes: readonly Range[]): Instruction[] {
    return this.#instructions.filter(
      (earlier) => overlap(earlier.writes, reads) || overlap(earlier.writes, writes) || overlap(earlier.reads, writes),
    );
  }

  /**
   * The thread that may run an instruction alone: the thread that ran all its dependencies, or the least loaded one.
   * Undefined if it depends on several threads.
   */
  threadFor(reads: readonly Range[], writes: readonly Range[]): number | undefined {
    const sources = new Set(this.conflicts(reads, writes).map(({ thread }) => thread));
    if (sources.size === 0) return this.#work.indexOf(Math.min(...this.#work));
    const [source] = sources;
    return sources.size === 1 && source !== null ? source : undefined;
  }

  add(instruction: Instruction, work: number): void {
    const { thread } = instruction;
    this.#instructions.push(instruction);
    this.#work.forEach((sum, index) => {
      this.#work[index] = sum + (thread === null ? work / this.#work.length : thread === index ? work : 0);
    });
  }

  /** Begins the next phase. Returns the time of this one in nanoseconds. */
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
