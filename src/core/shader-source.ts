/**
 * Shader code and its reflection data. `tools/build-shaders.ts` writes one constant of type `ShaderSource` for each file in
 * `shaders/`, and the WebGPU backend creates layouts, uniforms and pipelines from it. Names are those of the source file, even if
 * the minified code has shorter ones.
 */
export type BindingKind = 'read-only-storage' | 'storage' | 'uniform';

/** Layout of the uniform struct. */
export interface ShaderUniforms {
  /** Size in bytes. */
  readonly size: number;
  /** Byte offset of each field. */
  readonly offsets: Readonly<Record<string, number>>;
  /** Names of float32 fields. All others are integers. */
  readonly floats?: readonly string[];
}

export interface ShaderSource {
  readonly name: string;
  /** Minified WGSL. Marked blocks are preserved. */
  readonly code: string;
  /** The kind of each variable of group 0, in the order of the binding numbers 0, 1, 2 … */
  readonly bindings: Readonly<Record<string, BindingKind>>;
  readonly uniforms?: ShaderUniforms;
}

/** A function of a block `helpers`. It is a separate constant, so that a bundle contains only helpers that it may need. */
export interface ShaderHelper {
  readonly code: string;
  /** Helpers that this one calls. */
  readonly calls?: readonly ShaderHelper[];
}
