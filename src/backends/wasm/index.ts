/**
 * The WebAssembly backend: variables and arenas are runs of one linear memory, a prepared program is a stream of words
 * in it, and running K steps is one call into the module.
 */
import { bytesPerElement } from '../../core/dtype.ts';
import type { TypedArray } from '../../core/dtype.ts';
import { sizeOf } from '../../core/shape.ts';
import { heapBase } from '../../generated/wasm/heap.ts';
import type { WasmCall } from '../../graph/kernel.ts';
import type { TensorType } from '../../graph/op.ts';
import type { Program, ProgramBuffer, ProgramConstant } from '../../compiler/program.ts';
import { arenaBytes, bytesOf } from '../../compiler/program.ts';
import type { Backend, BackendBuffer, BackendInfo, PreparedProgram } from '../backend.ts';
import { CompiledChains } from './chains.ts';
import { Heap } from './memory.ts';
import { Kernels } from './module.ts';
import type { Binary } from './module.ts';
import type { Pool } from './pool.ts';
import type { ThreadOptions, Threads } from './threads.ts';
import { readElements, viewOf, writeElements } from './transfer.ts';
import type { Elements } from './transfer.ts';
import { encodeProgram } from './words.ts';

interface WasmBuffer extends BackendBuffer {
  readonly address: number;
}

export interface WasmOptions extends ThreadOptions {
  /** Forces fused multiply-adds, or separate ones: for tests and comparisons. */
  readonly binary?: Binary;
}

export class WasmBackend implements Backend {
  readonly name = 'wasm';
  // `private`, not `#`: tests look at the memory and at the workers.
  private readonly kernels: Kernels;
  private readonly heap: Heap;
  private readonly chains: CompiledChains;
  private threads: Threads | null = null;
  /** Why there are no threads although some were asked for. */
  private readonly obstacle: string;
  private stateBytes = 0;
  private programBytes = 0;

  /** With `threads` or `worker`, runs are queued, and workers do them; without, and where there can be none, `run` does. */
  static async create(options: WasmOptions = {}): Promise<WasmBackend> {
    const { threads = 1, worker = false, binary } = options;
    if (threads === 1 && !worker) return new WasmBackend(await Kernels.load(binary));
    // Imported only here, so that a page without threads does not load what makes them.
    const { Threads, threadObstacle, workersWanted } = await import('./threads.ts');
    const workers = workersWanted(options);
    const obstacle = workers === 0 ? 'one thread: the machine has no core for another' : threadObstacle();
    if (obstacle !== '') return new WasmBackend(await Kernels.load(binary), obstacle);
    const backend = new WasmBackend(await Kernels.load(binary, true));
    backend.threads = new Threads(workers, backend.kernels, backend.heap, options);
    return backend;
  }

  private constructor(kernels: Kernels, obstacle = '') {
    this.kernels = kernels;
    this.heap = new Heap(kernels.memory, heapBase);
    this.chains = new CompiledChains(kernels);
    this.obstacle = obstacle;
  }

  get info(): BackendInfo {
    return {
      name: 'wasm',
      description: `WebAssembly ${this.kernels.binary}`,
      threads: this.threads?.count ?? 1,
      reason: this.threads?.reason ?? this.obstacle,
      isSoftware: false,
      stateBytes: this.stateBytes,
      arenaBytes: this.programBytes,
    };
  }

  allocate(type: TensorType, label: string): WasmBuffer {
    const bytes = bytesOf(type);
    const address = this.heap.allocate(bytes, `'${label}'`);
    this.stateBytes += bytes;
    return { type, address };
  }

  write(buffer: BackendBuffer, values: TypedArray, offset = 0): void {
    const { type, address } = buffer as WasmBuffer;
    const elements = {
      dtype: type.dtype,
      address: address + offset * bytesPerElement[type.dtype],
      count: values.length,
    };
    writeElements(elements, values, this.heap, this.pool);
  }

  read(buffer: BackendBuffer, into?: TypedArray): Promise<TypedArray> {
    const { type, address } = buffer as WasmBuffer;
    return readElements(elementsOf(type, address), this.heap, this.pool, into);
  }

  release(buffer: BackendBuffer): void {
    this.free([(buffer as WasmBuffer).address]);
    this.stateBytes -= bytesOf(buffer.type);
  }

  async prepare(program: Program, variables: readonly BackendBuffer[]): Promise<PreparedProgram> {
    const sources = program.steps.flatMap(({ calls }) => calls.flatMap(({ modules = [] }) => modules));
    await this.chains.compile(program, Promise.all(sources.map((source) => this.kernels.need(source))));
    const arenas = program.allocations.map((bytes) => this.heap.allocate(bytes, 'the arena'));
    const constants = program.constants.map((constant) => this.placeConstant(constant));
    const addresses = program.buffers.map(({ place }: ProgramBuffer) => {
      if (place.kind === 'variable') return (variables[place.index] as WasmBuffer).address;
      return place.kind === 'constant' ? constants[place.index]! : arenas[place.allocation]! + place.byteOffset;
    });
    const indexOf = (entry: WasmCall['entry']): number =>
      typeof entry === 'string' ? this.kernels.indexOf(entry) : this.chains.indexOf(entry);
    const words = encodeProgram(program, addresses, indexOf);
    const stream = this.heap.allocate(words.byteLength, 'the program');
    new Uint32Array(this.heap.memory.buffer, stream, words.length).set(words);
    const bytes =
      arenaBytes(program) + program.constants.reduce((sum, { type }) => sum + bytesOf(type), words.byteLength);
    this.programBytes += bytes;
    const plan = (await this.threads?.prepare({ program, addresses, indexOf, stream })) ?? null;
    return {
      run: (steps: number) => {
        if (this.pool === null) this.kernels.run(stream, steps);
        else this.pool.run(stream, plan, steps);
      },
      read: (output: string, into?: TypedArray) => {
        const index = program.outputs[output]!;
        const elements = elementsOf(program.buffers[index]!.type, addresses[index]!);
        return readElements(elements, this.heap, this.pool, into);
      },
      dispose: () => {
        this.free([...arenas, ...constants, stream, ...(plan === null ? [] : [plan])]);
        this.programBytes -= bytes;
      },
    };
  }

  async finished(): Promise<void> {
    await this.pool?.finished();
  }

  dispose(): void {
    this.threads?.dispose();
    // The memory goes with the module when both are garbage collected.
  }

  private get pool(): Pool | null {
    return this.threads?.pool ?? null;
  }

  /** Frees memory once nothing that was asked for uses it any more. */
  private free(addresses: readonly number[]): void {
    const release = (): void => addresses.forEach((address) => this.heap.release(address));
    if (this.pool === null) release();
    else this.pool.afterwards(release);
  }

  private placeConstant({ type, value }: ProgramConstant): number {
    const address = this.heap.allocate(bytesOf(type), 'a constant');
    const view = viewOf(elementsOf(type, address), this.heap);
    if (typeof value === 'number') view.fill(value);
    else view.set(value);
    return address;
  }
}

function elementsOf({ shape, dtype }: TensorType, address: number): Elements {
  return { dtype, address, count: sizeOf(shape) };
}
