/**
 * The WebAssembly backend. Variables and arenas are blocks of one linear memory, a prepared program is a stream of
 * words in it, and running K steps is one call into the module.
 */
import { boolean, checkOptions, either, integer, number, oneOf, string } from '../../core/arguments.ts';
import type { ArgumentTable, ArgumentType } from '../../core/arguments.ts';
import { bytesPerElement, typedArray } from '../../core/dtype.ts';
import type { TypedArray } from '../../core/dtype.ts';
import { messageOf } from '../../core/errors.ts';
import { sizeOf } from '../../core/shape.ts';
import { heapBase } from '../../generated/wasm/heap.ts';
import type { WasmCall } from '../../graph/kernel.ts';
import type { TensorType } from '../../graph/op.ts';
import type { Program, ProgramBuffer, ProgramConstant } from '../../compiler/program.ts';
import { arenaBytes, bytesOf } from '../../compiler/program.ts';
import type { Backend, BackendBuffer, BackendInfo, PreparedProgram } from '../backend.ts';
import { checkProgram, checkType, checkWrite, requireOwn, requireRoom } from '../check.ts';
import { CallingThread } from './calling-thread.ts';
import { CompiledChains } from './chains/chains.ts';
import { Heap } from './memory.ts';
import { Kernels } from './module.ts';
import type { Binary } from './module.ts';
import type { Processor } from './processor.ts';
import type { ThreadOptions } from './threads/threads.ts';
import type { Elements } from './transfer.ts';
import { encodeProgram } from './words.ts';

interface WasmBuffer extends BackendBuffer {
  readonly address: number;
}

export interface WasmOptions extends ThreadOptions {
  /** Forces fused or separate multiply-adds: for tests and comparisons. */
  readonly binary?: Binary;
}

/** Argument types of the thread options, here and in `createEngine`. */
export const threadArguments: ArgumentTable = {
  threads: {
    expected: "an integer from 1 to 64, or 'auto'",
    accepts: (value) => value === 'auto' || integer(1, 64).accepts(value),
  },
  worker: boolean,
  workerUrl: either(string, {
    expected: 'a URL',
    accepts: (value) => typeof (value as Partial<URL> | null)?.href === 'string',
  }),
};
const atLeast0: ArgumentType = number(0);

export class WasmBackend implements Backend {
  readonly name = 'wasm';
  // `private`, not `#`: tests access the memory and the workers.
  private readonly kernels: Kernels;
  private readonly heap: Heap;
  private readonly chains: CompiledChains;
  private readonly processor: Processor;
  private stateBytes = 0;
  private programBytes = 0;

  /**
   * Starts the backend. With `threads` or `worker`, runs are queued and executed by workers. Without them, or if
   * workers are not available, `run` executes on the calling thread, and `info.reason` gives the reason.
   *
   * @throws BackendError naming what this environment lacks or forbids
   * @example
   * ```ts
   * const engine = await createEngine({ backend: await WasmBackend.create({ threads: 2 }) });
   * ```
   */
  static async create(options: WasmOptions = {}): Promise<WasmBackend> {
    checkOptions('WasmBackend', options, {
      ...threadArguments,
      binary: oneOf('simd', 'relaxed-simd'),
      shareThreshold: atLeast0,
      patience: atLeast0,
      startPatience: atLeast0,
    });
    const { threads = 1, worker = false, binary } = options;
    // Imported on demand: a page without workers does not load the code that starts them.
    const start = threads === 1 && !worker ? null : await import('./threads/start-workers.ts').catch(messageOf);
    if (start !== null && typeof start !== 'string') {
      const started = await start.startWorkers(options);
      return new WasmBackend(started.kernels, started.heap, started.processor);
    }
    const kernels = await Kernels.load(binary);
    const heap = new Heap(kernels.memory, heapBase);
    const obstacle = start === null ? '' : `one thread: the code of threads did not load: ${start}`;
    return new WasmBackend(kernels, heap, new CallingThread(kernels, heap, obstacle));
  }

  private constructor(kernels: Kernels, heap: Heap, processor: Processor) {
    this.kernels = kernels;
    this.heap = heap;
    this.processor = processor;
    this.chains = new CompiledChains(kernels);
  }

  get info(): BackendInfo {
    return {
      name: 'wasm',
      description: `WebAssembly ${this.kernels.binary}`,
      threads: this.processor.threads,
      reason: this.processor.reason,
      isSoftware: false,
      stateBytes: this.stateBytes,
      arenaBytes: this.programBytes,
    };
  }

  allocate(type: TensorType, label: string): WasmBuffer {
    checkType(type, label);
    const bytes = bytesOf(type);
    const address = this.heap.allocate(bytes, `'${label}'`);
    this.stateBytes += bytes;
    return { type, address, owner: this };
  }

  write(buffer: BackendBuffer, values: TypedArray, offset = 0): void {
    requireOwn(this, buffer);
    const { type, address } = buffer as WasmBuffer;
    checkWrite('buffer', type, values, offset);
    const elements = {
      dtype: type.dtype,
      address: address + offset * bytesPerElement[type.dtype],
      count: values.length,
    };
    this.processor.write(elements, values);
  }

  read(buffer: BackendBuffer, into?: TypedArray): Promise<TypedArray> {
    requireOwn(this, buffer);
    const { type, address } = buffer as WasmBuffer;
    requireRoom('buffer', type, into);
    return this.processor.read(elementsOf(type, address), into);
  }

  release(buffer: BackendBuffer): void {
    requireOwn(this, buffer);
    buffer.owner = undefined;
    this.free([(buffer as WasmBuffer).address]);
    this.stateBytes -= bytesOf(buffer.type);
  }

  async prepare(program: Program, variables: readonly BackendBuffer[]): Promise<PreparedProgram> {
    checkProgram(this, program, variables);
    const sources = program.steps.flatMap(({ calls }) => calls.flatMap(({ modules = [] }) => modules));
    await this.chains.compile(program, Promise.all(sources.map((source) => this.kernels.need(source))));
    const arenas = program.allocations.map((bytes) => this.heap.allocate(bytes, 'the arena'));
    const constants = program.constants.map((constant) => this.writeConstant(constant));
    const addresses = program.buffers.map(({ location }: ProgramBuffer) => {
      if (location.kind === 'variable') return (variables[location.index] as WasmBuffer).address;
      return location.kind === 'constant'
        ? constants[location.index]!
        : arenas[location.allocation]! + location.byteOffset;
    });
    const indexOf = (entry: WasmCall['entry']): number =>
      typeof entry === 'string' ? this.kernels.indexOf(entry) : this.chains.indexOf(entry);
    const words = encodeProgram(program, addresses, indexOf);
    const stream = this.heap.allocate(words.byteLength, 'the program');
    const code = { dtype: 'int32', address: stream, count: words.length } as const;
    this.processor.writeUnused(code, new Int32Array(words.buffer));
    const bytes =
      arenaBytes(program) + program.constants.reduce((sum, { type }) => sum + bytesOf(type), words.byteLength);
    this.programBytes += bytes;
    const plan = await this.processor.prepare({ program, addresses, indexOf, stream });
    return {
      run: (steps: number) => this.processor.run(stream, plan, steps),
      read: (output: string, into?: TypedArray) => {
        const index = program.outputs[output]!;
        const elements = elementsOf(program.buffers[index]!.type, addresses[index]!);
        return this.processor.read(elements, into);
      },
      dispose: () => {
        this.free([...arenas, ...constants, stream, ...(plan === null ? [] : [plan])]);
        this.programBytes -= bytes;
      },
    };
  }

  finished(): Promise<void> {
    return this.processor.finished();
  }

  dispose(): void {
    this.processor.dispose();
  }

  /** Frees memory once no queued work uses it any more. */
  private free(addresses: readonly number[]): void {
    this.processor.whenDone(() => addresses.forEach((address) => this.heap.release(address)));
  }

  private writeConstant({ type, value }: ProgramConstant): number {
    const address = this.heap.allocate(bytesOf(type), 'a constant');
    const elements = elementsOf(type, address);
    const filled = typeof value === 'number' ? typedArray(type.dtype, elements.count).fill(value) : value;
    this.processor.writeUnused(elements, filled);
    return address;
  }
}

function elementsOf({ shape, dtype }: TensorType, address: number): Elements {
  return { dtype, address, count: sizeOf(shape) };
}
