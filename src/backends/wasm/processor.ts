/**
 * Runs the programs of a wasm backend and owns the memory that they use: the calling thread (calling-thread.ts),
 * threads that share memory (threads.ts), or one worker with its own memory (remote.ts).
 */
import type { TypedArray } from '../../core/dtype.ts';
import type { PlanRequest } from './threads/plan.ts';
import type { Elements } from './transfer.ts';

/** A program whose words are already in memory. */
export type EncodedProgram = Pick<PlanRequest, 'program' | 'addresses' | 'indexOf' | 'stream'>;

export interface Processor {
  readonly threads: number;
  /** Why this is not what was requested; empty when it is. */
  readonly reason: string;
  /** Writes to memory that no queued work uses. */
  writeUnused(elements: Elements, values: TypedArray): void;
  /** Writes after all work queued so far. */
  write(elements: Elements, values: TypedArray): void;
  /** Reads after all work queued so far, into a new array or `into`. */
  read(elements: Elements, into?: TypedArray): Promise<TypedArray>;
  /** Prepares a program. Returns the address of its plan for several threads; null when one thread runs it. */
  prepare(program: EncodedProgram): Promise<number | null>;
  run(stream: number, plan: number | null, steps: number): void;
  /** Calls `action` once the memory used by the work queued so far may be reused. */
  whenDone(action: () => void): void;
  finished(): Promise<void>;
  dispose(): void;
}
