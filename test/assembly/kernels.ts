/**
 * Loads the built wasm modules for the kernel tests and places operands between guard words. Guard words are NaN patterns: they
 * appear in the results if a kernel reads them, and they are compared after the call to detect stray writes. A kernel that
 * threads can share is also called in parts, which must produce the same bytes.
 */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { call } from '../../src/graph/kernel.ts';
import type { FloatWord, FunctionWord, KernelBinding, Operand } from '../../src/graph/kernel.ts';
import type { MatmulWords } from '../../src/generated/wasm/kernels.ts';
import { plainSimd } from '../../src/backends/wasm/plain-simd.ts';
import { sharedKernels } from '../../src/backends/wasm/threads/plan.ts';
import { heapBase } from '../../src/generated/wasm/heap.ts';
import { wasmExports } from '../../src/generated/wasm/exports.ts';

// Node 20 has relaxed SIMD behind a flag; newer ones ignore the unknown flag.
setFlagsFromString('--experimental-wasm-relaxed-simd');

const GUARD = 0xffa5a5a5;
const GUARD_WORDS = 16;

/** The bits of a float32 immediate as a word. */
export function bits(value: number): number {
  return new Uint32Array(new Float32Array([value]).buffer)[0]!;
}

/** The words of a kernel as stored in memory: addresses of operands, and function indices in the table. */
export type Addressed<W> = { readonly [Name in keyof W]: AddressedWord<W[Name]> };
type AddressedWord<T> = T extends Operand | FunctionWord | FloatWord
  ? number
  : T extends readonly (infer Item)[]
    ? readonly Addressed<Item>[]
    : T;

const binaryNames = ['simd', 'relaxed-simd'] as const;
type BinaryName = (typeof binaryNames)[number];

/** A module as the loader returns it: with or without relaxed multiply-adds. */
export function moduleBytes(module: string, binary: BinaryName): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(readFileSync(new URL(`../../build/wasm/${module}.wasm`, import.meta.url)));
  return binary === 'simd' ? plainSimd(bytes) : bytes;
}

export class Kernels {
  readonly memory: WebAssembly.Memory = new WebAssembly.Memory({ initial: 64, maximum: 65536 });
  readonly exports: Record<string, (...args: number[]) => number>;
  readonly table: WebAssembly.Table;
  /** The clock of the threads. */
  clock: () => number = () => performance.now();
  private readonly heapBase: number;
  private top: number;
  private guards: number[] = [];
  private readonly indices = new Map<string, number>();

  constructor(readonly name: BinaryName) {
    const environment: Record<string, WebAssembly.ExportValue> = {
      memory: this.memory,
      now: () => this.clock(),
    };
    for (const module of Object.keys(wasmExports)) {
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes(module, name)), { env: environment });
      Object.assign(environment, exports);
    }
    this.exports = environment as unknown as Record<string, (...args: number[]) => number>;
    this.table = environment['table'] as WebAssembly.Table;
    this.table.grow(8); // the core's functions come first, as in an engine: kernels interpret low numbers differently
    const workspace = heapBase + 64;
    // the address of one of several threads, followed by scratch memory
    this.exports['set_workspace']!(workspace);
    this.heapBase = workspace + this.exports['thread_bytes']!();
    this.top = this.heapBase;
  }

  /** The index of an exported function in the function table. */
  indexOf(name: string): number {
    if (!this.indices.has(name)) {
      this.indices.set(name, this.table.grow(1));
      this.table.set(this.indices.get(name)!, this.exports[name]);
    }
    return this.indices.get(name)!;
  }

  /** Discards all operands. */
  reset(): void {
    this.top = this.heapBase;
    this.guards = [];
  }

  /** Allocates `bytes` bytes at an address that is 4 modulo 16, with guards on both sides; the padding is unguarded. */
  allocate(bytes: number): number {
    const words = Math.ceil(bytes / 4);
    const start = (this.top + 15) & ~15;
    const pointer = start + GUARD_WORDS * 4 + 4;
    const end = pointer + words * 4 + GUARD_WORDS * 4;
    if (end > this.memory.buffer.byteLength) {
      this.memory.grow(Math.ceil((end - this.memory.buffer.byteLength) / 65536));
    }
    const view = new Uint32Array(this.memory.buffer);
    for (let at = start; at < pointer; at += 4) {
      view[at >> 2] = GUARD;
      this.guards.push(at);
    }
    for (let at = pointer + words * 4; at < end; at += 4) {
      view[at >> 2] = GUARD;
      this.guards.push(at);
    }
    view.fill(GUARD, pointer >> 2, (pointer >> 2) + words); // outputs are initialised with NaN
    this.top = end;
    return pointer;
  }

  floats(values: ArrayLike<number>): number {
    const pointer = this.allocate(values.length * 4);
    new Float32Array(this.memory.buffer, pointer, values.length).set(values);
    return pointer;
  }

  int32s(values: ArrayLike<number>): number {
    const pointer = this.allocate(values.length * 4);
    new Int32Array(this.memory.buffer, pointer, values.length).set(values);
    return pointer;
  }

  uint8s(values: ArrayLike<number>): number {
    const pointer = this.allocate(values.length);
    new Uint8Array(this.memory.buffer, pointer, values.length).set(values);
    return pointer;
  }

  readFloats(pointer: number, count: number): Float32Array {
    return new Float32Array(this.memory.buffer, pointer, count).slice();
  }

  readInt32s(pointer: number, count: number): Int32Array {
    return new Int32Array(this.memory.buffer, pointer, count).slice();
  }

  /** Calls a kernel with named words, in parts if it supports them, and whole; then checks all guards. */
  call<W>(kernel: KernelBinding<W>, words: Addressed<W>): void {
    const { entry } = kernel;
    const address = this.place(kernel, words);
    const end = entry === 'matmul' ? (words as unknown as Addressed<MatmulWords>).scratch : address;
    if (sharedKernels.has(entry)) this.compareParts(entry, address, end);
    else this.exports[entry]!(address);
    this.checkGuards(entry);
  }

  /** Calls a kernel, or this thread's part of it after `share`; then checks all guards. */
  callOnce<W>(kernel: KernelBinding<W>, words: Addressed<W>): void {
    this.exports[kernel.entry]!(this.place(kernel, words));
    this.checkGuards(kernel.entry);
  }

  /** Calls a function with words in order; then checks all guards. */
  callFunction(compiled: (words: number) => void, words: readonly number[]): void {
    compiled(this.int32s(words.map((word) => word | 0)));
    this.checkGuards('the function');
  }

  /** Writes the words of a kernel to memory, in order, and returns their address. */
  place<W>(kernel: KernelBinding<W>, words: Addressed<W>): number {
    const ordered = call(kernel, words as never).words as readonly (number | boolean | FloatWord)[];
    return this.int32s(ordered.map((word) => (typeof word === 'object' ? bits(word.float) : Number(word)) | 0));
  }

  private checkGuards(name: string): void {
    const view = new Uint32Array(this.memory.buffer);
    for (const at of this.guards) {
      if (view[at >> 2] !== GUARD) throw new Error(`${name} wrote outside its operands, at ${at}`);
    }
  }

  /** Runs 7, 3 and 2 parts, the last part first, then the whole. Compares bytes up to `end`, without scratch memory. */
  private compareParts(kernel: string, args: number, end: number): void {
    const operands = new Uint8Array(this.memory.buffer, this.heapBase, end - this.heapBase);
    const before = operands.slice();
    const results = [7, 3, 2, 1].map((parts) => {
      operands.set(before);
      for (let part = parts - 1; part >= 0; part--) {
        this.exports['share']!(part, parts);
        this.exports[kernel]!(args);
      }
      this.exports['share']!(0, 1);
      return Buffer.from(operands.slice());
    });
    const differs = results.findIndex((result) => result.compare(results.at(-1)!) !== 0);
    if (differs >= 0) throw new Error(`${kernel} leaves other bytes in ${[7, 3, 2][differs]} parts`);
  }
}

/** The binaries that this engine can load. */
export function loadBinaries(): Kernels[] {
  return binaryNames.filter((name) => WebAssembly.validate(moduleBytes('core', name))).map((name) => new Kernels(name));
}

/** Lengths around the vector width, a prime, and several tiles. */
export const lengths: readonly number[] = [0, 1, 3, 4, 5, 17, 61, 255, 256, 257, 1031];

/** Reproducible pseudorandom numbers in [−1, 1). */
export function randoms(count: number, seed = 1): Float32Array {
  const out = new Float32Array(count);
  let state = (seed * 2654435761) >>> 0;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out[i] = state / 2 ** 31 - 1;
  }
  return out;
}

/** Error in float32 ULP of the exact value. */
export function ulp(got: number, exact: number): number {
  if (Number.isNaN(exact)) return Number.isNaN(got) ? 0 : Infinity;
  const rounded = Math.fround(exact);
  if (!Number.isFinite(rounded) || !Number.isFinite(got)) {
    if (got === rounded) return 0;
    // near overflow, the neighbour of infinity is the largest float
    const limit = 3.4028234663852886e38;
    return Math.abs(got) > 0.999999 * limit && Math.abs(exact) > 0.999999 * limit ? 1 : Infinity;
  }
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(exact))), -126);
  return Math.abs(got - exact) / 2 ** (exponent - 23);
}
