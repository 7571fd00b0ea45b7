/** Runs programs on the calling thread: all work is done when a call returns. */
import { copied } from '../../core/dtype.ts';
import type { TypedArray } from '../../core/dtype.ts';
import type { Heap } from './memory.ts';
import type { Kernels } from './module.ts';
import type { EncodedProgram, Processor } from './processor.ts';
import { viewOf } from './transfer.ts';
import type { Elements } from './transfer.ts';

export class CallingThread implements Processor {
  protected readonly kernels: Kernels;
  protected readonly heap: Heap;
  private readonly obstacle: string;

  /** `obstacle`: why programs do not run on other threads, if that was requested. */
  constructor(kernels: Kernels, heap: Heap, obstacle = '') {
    this.kernels = kernels;
    this.heap = heap;
    this.obstacle = obstacle;
  }

  get threads(): number {
    return 1;
  }

  get reason(): string {
    return this.obstacle;
  }

  writeUnused(elements: Elements, values: TypedArray): void {
    viewOf(elements, this.heap).set(values);
  }

  write(elements: Elements, values: TypedArray): void {
    this.writeUnused(elements, values);
  }

  read(elements: Elements, into?: TypedArray): Promise<TypedArray> {
    return new Promise((resolve) => resolve(copied(viewOf(elements, this.heap), into)));
  }

  prepare(_program: EncodedProgram): Promise<number | null> {
    return Promise.resolve(null);
  }

  run(stream: number, _plan: number | null, steps: number): void {
    this.kernels.run(stream, steps);
  }

  whenDone(action: () => void): void {
    action();
  }

  finished(): Promise<void> {
    return Promise.resolve();
  }

  dispose(): void {
    // The memory and the module are garbage collected.
  }
}
