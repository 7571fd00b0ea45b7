/**
 * A guarded wasm backend: it detects all writes of a run outside the outputs of its steps. Guard words surround every
 * allocation, every value of a program has a separate allocation instead of a slot in the packed arena, and the whole memory is
 * compared with its contents before the run.
 */
import { heapBase } from '../../src/generated/wasm/heap.ts';
import type { Backend, BackendBuffer, PreparedProgram } from '../../src/backends/backend.ts';
import { WasmBackend } from '../../src/backends/wasm/index.ts';
import type { WasmOptions } from '../../src/backends/wasm/index.ts';
import { recordBytes } from '../../src/generated/wasm/constants.ts';
import type { Program } from '../../src/compiler/program.ts';
import { verifyProgram } from '../../src/compiler/verify/program.ts';
import { GuardedHeap } from './guarded-heap.ts';
import type { Range } from './guarded-heap.ts';
import { spreadOut } from './spread-out.ts';

/** Runs that may not have finished: the memory before the first one, and the ranges that they may modify. */
interface Watched {
  readonly before: Uint8Array;
  readonly allowed: Range[];
}

export class GuardedWasm {
  readonly backend: WasmBackend;
  /** The stray writes found so far. */
  readonly violations: string[] = [];
  private readonly heap: GuardedHeap;
  private watched: Watched | null = null;
  /** Intended writes since the backend was last idle; workers may perform them later. */
  private readonly writes: Range[] = [];
  /** Number of requested runs and writes. */
  private asked = 0;

  static async create(options: WasmOptions): Promise<GuardedWasm> {
    return new GuardedWasm(await WasmBackend.create(options));
  }

  private constructor(given: WasmBackend) {
    this.backend = given;
    this.heap = new GuardedHeap(given['heap'], (written) => this.watched?.allowed.push(written));
    const backend: Backend = given;
    const [prepare, write] = [backend.prepare.bind(backend), backend.write.bind(backend)];
    const [read, finished] = [backend.read.bind(backend), backend.finished.bind(backend)];
    backend.prepare = (program, variables) => this.prepare(prepare, program, variables);
    backend.write = (buffer, values, offset = 0) => {
      this.asked++;
      this.writes.push(this.heap.allocations.get(addressOf(buffer))!.range);
      write(buffer, values, offset);
    };
    backend.finished = async () => {
      const { asked } = this;
      await finished();
      if (asked === this.asked) this.compare(); // otherwise more work is pending, and a later call waits for it
    };
    backend.read = async (buffer, into) => {
      await backend.finished();
      return read(buffer, into);
    };
  }

  /** Prepares the program with a separate allocation for every value, and records their addresses. */
  private async prepare(
    prepare: Backend['prepare'],
    packed: Program,
    variables: readonly BackendBuffer[],
  ): Promise<PreparedProgram> {
    const program = spreadOut(packed);
    verifyProgram(program);
    const { allocations } = this.heap;
    const known = new Set(allocations.keys());
    const prepared = await prepare(program, variables);
    const arenas = [...allocations].filter(([address, { what }]) => what === 'the arena' && !known.has(address));
    const rangeOf = (index: number): Range => {
      const { location, bytes } = program.buffers[index]!;
      const start = location.kind === 'arena' ? arenas[location.allocation]![0] : addressOf(variables[location.index]!);
      return { start, end: start + bytes };
    };
    const written = program.steps.flatMap(({ outputs, scratch }) => [...outputs, ...scratch].map(rangeOf));
    return {
      run: (steps) => {
        this.asked++;
        this.watched ??= { before: this.heap.memory.slice(), allowed: [...this.ofThreads()] };
        this.watched.allowed.push(...written);
        prepared.run(steps);
      },
      read: async (output, into) => {
        await this.backend.finished();
        return prepared.read(output, into);
      },
      dispose: () => prepared.dispose(),
    };
  }

  /** Private memory of kernels and threads: below the heap, in the memory of the threads, and in the records before plans. */
  private *ofThreads(): Iterable<Range> {
    yield { start: 0, end: heapBase };
    for (const { what, range } of this.heap.allocations.values()) {
      if (what === 'the memory of the threads') yield range;
      if (what === 'the plan of the threads') yield { start: range.start, end: range.start + recordBytes };
    }
  }

  private compare(): void {
    if (this.watched === null) return;
    const { before, allowed } = this.watched;
    this.watched = null;
    const change = this.heap.changeSince(before, [...allowed, ...this.writes.splice(0)]);
    if (change !== null) this.violations.push(`written outside the outputs: ${change}`);
  }
}

const addressOf = (buffer: BackendBuffer): number => (buffer as BackendBuffer & { readonly address: number }).address;
