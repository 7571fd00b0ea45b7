/**
 * What a contraction, such as a matrix product, does to each of its sums before it stores it: adds a bias and a residual, then applies
 * an activation; or multiplies with the derivative of one. Plain data, so that every contraction takes the same epilogues.
 */
import type { ShaderHelper } from '../core/shader-source.ts';
import type { WasmSource } from '../core/wasm-source.ts';
import type { FunctionWord } from './kernel.ts';
import type { ElementwiseOp } from './op.ts';

/** The attributes of an op that accepts an epilogue, beside its own. */
export type EpilogueAttributes = {
  /** The name of the op that is applied to the sum, that with 'Gradient' behind it for its derivative, or 'none'. */
  readonly activation: string;
  /** The index among the inputs of what is added to each row, float32 [n] in any rank; 0 for none. */
  readonly bias: number;
  /**
   * The index among the inputs of a float32 value of the output's shape; 0 for none. It is added before the activation. For a
   * derivative it is the output of the activation.
   */
  readonly residual: number;
};

export const noEpilogue: EpilogueAttributes = { activation: 'none', bias: 0, residual: 0 };

/** The function of an epilogue, of `sum` (with the bias) and `other`, the residual at its place (0 where there is none). */
export interface EpilogueFunction {
  /** A WGSL expression of `sum`, `other` and `x`, their sum. */
  readonly wgsl: string;
  readonly helpers?: readonly ShaderHelper[] | undefined;
  /** A number that `assembly/product/matmul.ts` and `shaders/product/matmul-quads.wgsl` know, or a function of `wasmModule`. */
  readonly wasm: number | FunctionWord;
  readonly wasmModule?: WasmSource | undefined;
  reference(sum: number, other: number): number;
}

/** The function of activation 'none'. */
export const plainSum: EpilogueFunction = { wgsl: 'x', wasm: 0, reference: (sum, other) => sum + other };

/** An activation as an epilogue's function; undefined for an op with settings, or one that wasm kernels cannot call. */
export function epilogueOf(op: ElementwiseOp): EpilogueFunction | undefined {
  const { arity, immediates, wgsl, helpers, wasm: entry, wasmModule, epilogueNumber } = op;
  if (arity > 1 || immediates || !(wasmModule ?? epilogueNumber)) return undefined;
  return {
    wgsl: wgsl as string,
    helpers,
    wasm: epilogueNumber ?? { entry },
    wasmModule,
    reference: (sum, other) => op.reference({}, sum + other, 0, 0),
  };
}
