/**
 * An op is one record: everything that is known about it stands in it, and the type checker asks for what is missing.
 * The builders that make records are in `src/ops/define.ts`; the kernels' descriptions are in `kernel.ts`.
 */
import type { DType } from '../core/dtype.ts';
import type { ShaderHelper } from '../core/shader-source.ts';
import type { Shape } from '../core/shape.ts';
import type { WasmSource } from '../core/wasm-source.ts';
import type { EpilogueFunction } from './epilogue.ts';
import type { GpuKernel, WasmKernel } from './kernel.ts';
import type { Node } from './node.ts';

/** What is known of a value before it exists. */
export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

export type Attribute = number | string | boolean | null | readonly Attribute[];
/** An op's settings: plain data, compared and printed by value. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** A value in the float64 reference: integers too are kept as float64. */
export type ReferenceArray = Float64Array;

export interface GradientContext<A> {
  readonly inputs: readonly Node[];
  readonly attributes: A;
  /** The node whose gradient is taken: reuse its value where that is cheaper than computing it again. */
  readonly output: Node;
  /** The gradient of the loss with respect to the output, in the output's shape. */
  readonly upstream: Node;
}

/**
 * Gives the gradient with respect to each input, or null for an input that gets none. A result may have the
 * broadcast shape: it is summed back to the input's shape once, in `src/autodiff/gradients.ts`.
 */
export type GradientRule<A> = (context: GradientContext<A>) => readonly (Node | null)[];

interface OpBase<A> {
  /** Unique; the stem of its shader, its wasm kernel and its cases. */
  readonly name: string;
  /** Checks the inputs and gives the output's type; throws `ShapeError`, `DTypeError` or `ValueError`. */
  infer(inputs: readonly TensorType[], attributes: A): TensorType;
  /** null says aloud that there is none. */
  readonly gradient: GradientRule<A> | null;
  /**
   * A node that computes less than `node`, of this op, and has the same value; undefined where there is none. The inputs are
   * simplified already. The compiler discards a result of another shape or dtype.
   */
  simplify?(node: Node): Node | undefined;
  /**
   * The output are probabilities and the input their logits: of each element by itself (sigmoid), or of the classes along the last
   * axis (softmax). Losses then work on the logits.
   */
  readonly probabilities?: 'elements' | 'rows';
}

/** Holds a value and computes nothing: constants and variables. */
export interface LeafOp<A = Attributes> extends OpBase<A> {
  readonly kind: 'leaf';
}

/** The input's memory seen in another shape. */
export interface AliasOp<A = Attributes> extends OpBase<A> {
  readonly kind: 'alias';
}

/** One of the further results of the structured op that is its input: `src/ops/part.ts`. */
export interface PartOp<A = Attributes> extends OpBase<A> {
  readonly kind: 'part';
}

/**
 * One output element from the input elements at the same place. Chains of these become one kernel, so a record gives
 * no kernel of its own, only its line.
 */
export interface ElementwiseOp<A = Attributes> extends OpBase<A> {
  readonly kind: 'elementwise';
  readonly arity: 1 | 2 | 3;
  /** A WGSL expression of x, y, z (float32), or a function of the attributes that gives one. */
  readonly wgsl: string | ((attributes: A) => string);
  /** The functions that it calls, of the block `helpers` in `shaders/elementwise/elementwise.wgsl`. */
  readonly helpers?: readonly ShaderHelper[];
  /** Instructions of `src/backends/wasm/chains/ops.ts`, or a function that `wasmModule` or the core exports. */
  readonly wasm: string;
  readonly wasmModule?: WasmSource;
  /** For each operand the number, if any, with which the op gives back the other operand: x − 0 is `[undefined, 0]`. */
  readonly identity?: readonly (number | undefined)[];
  /** The number by which wasm kernels know it in an epilogue; without one they call the function of `wasmModule`. */
  readonly epilogueNumber?: number;
  /** Where the gradient is a function of the upstream one and the output alone: that, with the output as the other operand. */
  readonly derivative?: EpilogueFunction;
  /** Whether it adds its operands: a contraction's epilogue can add a bias or a residual for it. */
  readonly isAddition?: true;
  /** float32 operands that come after the tensors. */
  immediates?(attributes: A): readonly number[];
  reference(attributes: A, x: number, y: number, z: number): number;
}

/** Everything that has kernels of its own. */
export interface StructuredOp<A = Attributes> extends OpBase<A> {
  readonly kind: 'structured';
  /** Its attributes are `EpilogueAttributes` too, and its kernels do to each sum what these and `epilogue` say. */
  readonly acceptsEpilogue?: true;
  /** The function that `attributes.activation` names; the compiler sets it where it fuses an epilogue. Default: `plainSum`. */
  readonly epilogue?: EpilogueFunction;
  /** Its attributes' `permutation` names the input's axis for each of the output's, and nothing else happens. */
  readonly isTranspose?: true;
  /** A chain that the fuse pass made of element-wise nodes: the attributes are `ChainAttributes`. */
  readonly isChain?: true;
  /** Reads element i of every input before it writes element i: an output may take the memory of an input of its shape. */
  readonly inPlaceSafe?: true;
  /** Multiply-adds, to estimate what a model costs. Default: 0, for an op that is bound by memory. */
  cost?(inputs: readonly TensorType[], output: TensorType, attributes: A): number;
  /** The output is this input, changed in place. The compiler copies first where the old value is still read. */
  readonly inPlace?: number;
  /**
   * What the kernels can give besides the output, for the gradient to read with `parts()`. Where nobody reads any, they
   * are not asked for, and a step has one output.
   */
  parts?(inputs: readonly TensorType[], attributes: A): readonly TensorType[];
  /** Tried in order: the first whose `when` holds is taken. The last has no `when`. */
  readonly kernels: { readonly wasm: readonly WasmKernel<A>[]; readonly webgpu: readonly GpuKernel<A>[] };
  /** The obvious float64 loops: the oracle. Fills `outputs`; an in-place op finds the old value there. */
  reference(context: ReferenceContext<A>): void;
}

export interface ReferenceContext<A> {
  readonly attributes: A;
  /** Of an op that accepts an epilogue: its function, where there is one. */
  readonly epilogue?: EpilogueFunction | undefined;
  readonly inputs: readonly ReferenceArray[];
  readonly inputTypes: readonly TensorType[];
  readonly outputs: readonly ReferenceArray[];
  readonly outputTypes: readonly TensorType[];
}

export type Op<A = Attributes> = LeafOp<A> | AliasOp<A> | PartOp<A> | ElementwiseOp<A> | StructuredOp<A>;
