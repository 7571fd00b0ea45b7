/**
 * How an op describes its kernels: plain data that a backend turns into instruction words or dispatches.
 */
import type { DType } from '../core/dtype.ts';
import type { FloatWord, FunctionWord, KernelBinding, Operand, WordName } from '../core/kernel-binding.ts';
import type { ShaderSource } from '../core/shader-source.ts';
import type { WasmSource } from '../core/wasm-source.ts';
import type { EpilogueFunction } from './epilogue.ts';
import type { TensorType } from './op.ts';

export type { FloatWord, FunctionWord, KernelBinding, Operand } from '../core/kernel-binding.ts';

export const input = (index: number, byteOffset = 0): Operand => ({ list: 'input', index, byteOffset });
export const output = (index: number, byteOffset = 0): Operand => ({ list: 'output', index, byteOffset });
export const scratch = (index: number, byteOffset = 0): Operand => ({ list: 'scratch', index, byteOffset });

/** What of a device decides between kernels. */
export interface DeviceTraits {
  /**
   * A processor that plays the GPU, to which reads are dear and barriers dearer, and whose threads may swap values within
   * groups of four (WGSL's `subgroups`): the shader of its products, which only it loads.
   */
  readonly softwareQuads: ShaderSource | false;
  /**
   * Where threads may combine values within groups, whose size nobody knows beforehand (WGSL's `subgroups`): the blocks by which a
   * row's threads do.
   */
  readonly subgroups?: Readonly<Record<string, string>> | false;
}

/** What a kernel is chosen and set up by. */
export interface StepTypes<A> {
  readonly attributes: A;
  /** Of an op that accepts an epilogue: its function, where there is one. */
  readonly epilogue?: EpilogueFunction | undefined;
  readonly inputs: readonly TensorType[];
  readonly outputs: readonly TensorType[];
  /** For each output, the input whose memory it shares, or null. */
  readonly inPlace: readonly (number | null)[];
  /** Unknown: any GPU. */
  readonly device?: DeviceTraits | undefined;
}

export const float = (value: number): FloatWord => ({ float: value });

/** An instruction word: an integer, 1 or 0, a float32, a function, or the address of an operand. */
export type Word = number | boolean | FloatWord | FunctionWord | Operand;

/** One call of a wasm kernel with these words. */
export interface WasmCall {
  /** The name of an exported kernel, or a chain that the backend compiles to one. */
  readonly entry: string | ChainCode;
  /** What it needs besides the core module. */
  readonly modules?: readonly WasmSource[];
  readonly words: readonly Word[];
}

/**
 * The call of a wasm kernel with its words by name. A name that is missing or too much is a type error, as is a number in
 * the place of an operand. `functions` are the modules of functions that the kernel is to call.
 *
 * @example call(fillKernel, { out: output(0), count: 4, value: 0 })
 */
export function call<W, G extends W>(
  { entry, module, words }: KernelBinding<W>,
  given: G & { readonly [Name in Exclude<keyof G, keyof W>]: never },
  functions: readonly WasmSource[] = [],
): WasmCall {
  return { entry, modules: module ? [module, ...functions] : functions, words: inOrder(words, given as Given) };
}

type Given = Readonly<Record<string, Word | readonly Given[]>>;

function inOrder(names: readonly WordName[], given: Given): Word[] {
  return names.flatMap((name) => {
    if (typeof name === 'string') return given[name] as Word;
    if ('float' in name) return float(given[name.float] as number);
    const items = given[name.list] as readonly Given[];
    return [items.length, ...items.flatMap((item) => inOrder(name.words, item))];
  });
}

/**
 * The structure of an element-wise chain, without sizes, addresses and numbers. Values are numbered: inputs, then
 * constants, then instructions.
 */
export interface ChainCode {
  readonly inputs: readonly {
    /** For each axis of the walk whether the input has it; else it is stretched along it. The last axis is the row. */
    readonly walks: readonly boolean[];
    readonly dtype: DType;
  }[];
  readonly constants: number;
  /** The op's `wasm` with its operands; immediates are constants. */
  readonly instructions: readonly (readonly [name: string, ...operands: number[]])[];
  readonly outputs: readonly {
    readonly value: number;
    readonly dtype: 'float32' | 'int32';
    /** The input whose memory it shares, or null. */
    readonly inPlace: number | null;
  }[];
}

interface Kernel<A> {
  /** The variant's name, unique within the op. */
  readonly name: string;
  /** Whether it is right for this step on this device; else it is not there to choose. */
  requires?(step: StepTypes<A>): boolean;
  /** Whether the shapes suggest it. It is right for others too, and may be asked for by name. */
  when?(step: StepTypes<A>): boolean;
  /** Bytes of each scratch buffer that the kernel needs. */
  scratch?(step: StepTypes<A>): readonly number[];
}

export interface WasmKernel<A> extends Kernel<A> {
  lower(step: StepTypes<A>): readonly WasmCall[];
}

/** One dispatch of a WGSL entry point. Bindings and uniforms are named as in the shader. */
export interface Dispatch {
  readonly shader: ShaderSource;
  readonly entry: string;
  /** Values for the shader's `override` constants. */
  readonly constants?: Readonly<Record<string, number>>;
  /** Replacement text for the shader's marked blocks: integers, enums and generated lines only, never a user's string. */
  readonly blocks?: Readonly<Record<string, string>>;
  readonly bindings: Readonly<Record<string, Operand>>;
  /** Fields of the shader's uniform struct; what is not given is 0. */
  readonly uniforms?: Readonly<Record<string, number | readonly number[]>>;
  /** Workgroups along x, y, z. */
  readonly grid: readonly [number, number, number];
}

export interface GpuKernel<A> extends Kernel<A> {
  lower(step: StepTypes<A>): readonly Dispatch[];
}
