/**
 * An op is one record that contains everything known about it; the type checker reports missing fields.
 * `src/ops/define.ts` has the builders of records, `kernel.ts` the kernel descriptions.
 */
import type { DType } from '../core/dtype.ts';
import type { ShaderHelper } from '../core/shader-source.ts';
import type { Shape } from '../core/shape.ts';
import type { WasmSource } from '../core/wasm-source.ts';
import type { EpilogueFunction } from './epilogue.ts';
import type { GpuKernel, WasmKernel } from './kernel.ts';
import type { Node } from './node.ts';

/** The static type of a value. */
export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

export type Attribute = number | string | boolean | null | readonly Attribute[];
/** An op's attributes: plain data, compared and printed by value. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** A value in the float64 reference. Integers are stored as float64 too. */
export type ReferenceArray = Float64Array;

export interface GradientContext<A> {
  readonly inputs: readonly Node[];
  readonly attributes: A;
  /** The node whose gradient is computed. Use its value if that is cheaper than recomputing it. */
  readonly output: Node;
  /** The gradient of the loss with respect to the output, in the output's shape. */
  readonly upstream: Node;
}

/**
 * Returns the gradient with respect to each input, or null for an input without a gradient. A result may have the
 * broadcast shape: `src/autodiff/gradients.ts` sums it back to the input's shape.
 */
export type GradientRule<A> = (context: GradientContext<A>) => readonly (Node | null)[];

interface OpBase<A> {
  /** Unique. Also the name of its shader, wasm kernel and test cases. */
  readonly name: string;
  /** Checks the inputs and returns the output's type; throws `ShapeError`, `DTypeError` or `ValueError`. */
  infer(inputs: readonly TensorType[], attributes: A): TensorType;
  /** null declares explicitly that the op has no gradient. */
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

/** Has a value and computes nothing: constants and variables. */
export interface LeafOp<A = Attributes> extends OpBase<A> {
  readonly kind: 'leaf';
}

/** A view of the input's memory with another shape. */
export interface AliasOp<A = Attributes> extends OpBase<A> {
  readonly kind: 'alias';
}

/** One of the additional outputs of the structured op that is its input: `src/ops/part.ts`. */
export interface PartOp<A = Attributes> extends OpBase<A> {
  readonly kind: 'part';
}

/**
 * Computes each output element from the input elements at the same index. Chains of these ops become one kernel, so a
 * record has no kernel, only an expression.
 */
export interface ElementwiseOp<A = Attributes> extends OpBase<A> {
  readonly kind: 'elementwise';
  readonly arity: 1 | 2 | 3;
  /** A WGSL expression of x, y, z (float32), or a function of the attributes that returns one. */
  readonly wgsl: string | ((attributes: A) => string);
  /** The functions that the expression calls, from the block `helpers` in `shaders/elementwise/elementwise.wgsl`. */
  readonly helpers?: readonly ShaderHelper[];
  /** The name of an op in `src/backends/wasm/chains/ops.ts`, or of a function that `wasmModule` or the core exports. */
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
   * The types of additional outputs, which the gradient reads with `parts()`. If none is read, the step has one output
   * and the kernels do not store the others.
   */
  parts?(inputs: readonly TensorType[], attributes: A): readonly TensorType[];
  /** Variants in order of preference: the first whose `when` holds is used. The last has no `when`. */
  readonly kernels: { readonly wasm: readonly WasmKernel<A>[]; readonly webgpu: readonly GpuKernel<A>[] };
  /** Simple float64 loops: the oracle. Fills `outputs`, which contain the old values for an in-place op. */
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
