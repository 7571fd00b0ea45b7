/**
 * What the build learns about a shader by reading it: `tools/build-shaders.ts` writes one constant of this type for
 * each file of `shaders/`, and the WebGPU backend makes layouts, uniforms and pipelines from it. Names are those of the
 * file in `shaders/`, also where the text has shorter ones.
 */
export type BindingKind = 'read-only-storage' | 'storage' | 'uniform';

/** The struct of the uniform binding. */
export interface ShaderUniforms {
  /** Bytes. */
  readonly size: number;
  /** Where each field lies, in bytes. */
  readonly offsets: Readonly<Record<string, number>>;
  /** The fields that are float32; the others are integers. */
  readonly floats?: readonly string[];
}

export interface ShaderSource {
  readonly name: string;
  /** Minified; marked blocks are kept. */
  readonly code: string;
  /** The kind of each variable of group 0. They stand in the order of their binding numbers: 0, 1, 2 … */
  readonly bindings: Readonly<Record<string, BindingKind>>;
  readonly uniforms?: ShaderUniforms;
}

/** A function of a block `helpers`: a text of its own, so that a bundle holds only those that it may need. */
export interface ShaderHelper {
  readonly code: string;
  /** Those that it calls. */
  readonly calls?: readonly ShaderHelper[];
}
