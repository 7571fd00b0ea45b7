/**
 * Who runs the programs of a wasm backend and holds the memory they work in: the calling thread (calling-thread.ts), threads that
 * share it (threads.ts), or one worker with memory of its own (remote.ts).
 */
import type { TypedArray } from '../../core/dtype.ts';
import type { PlanRequest } from './threads/plan.ts';
import type { Elements } from './transfer.ts';

/** A program whose words are in memory already. */
export type PlacedProgram = Pick<PlanRequest, 'program' | 'addresses' | 'indexOf' | 'stream'>;

export interface Processor {
  readonly threads: number;
  /** Why it is not what was asked for; empty when it is. */
  readonly reason: string;
  /** Writes into memory that nothing uses yet. */
  place(elements: Elements, values: TypedArray): void;
  /** Writes after all the work that was asked for before. */
  write(elements: Elements, values: TypedArray): void;
  /** Reads after all the work that was asked for before: a copy, or `into`. */
  read(elements: Elements, into?: TypedArray): Promise<TypedArray>;
  /** Makes ready to run a program. Returns the address of its plan for several threads; null when one runs it. */
  prepare(placed: PlacedProgram): Promise<number | null>;
  run(stream: number, plan: number | null, steps: number): void;
  /** Calls `action` once memory that was used by the work asked for until now may be used for something else. */
  afterwards(action: () => void): void;
  finished(): Promise<void>;
  dispose(): void;
}
