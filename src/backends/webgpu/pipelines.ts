/**
 * Caches pipelines by shader text, entry point and constants. Shapes are uniforms, so programs of other shapes share
 * pipelines. Layouts are explicit, from the bindings that the build reads, so pipelines with the same kinds of bindings
 * share a layout.
 */
import { BackendError, InternalError } from '../../core/errors.ts';
import type { BindingKind, ShaderSource } from '../../core/shader-source.ts';
import type { Dispatch } from '../../graph/kernel.ts';
import type { Device, DeviceOptions } from './device.ts';

export interface Pipeline {
  readonly gpu: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

export interface Binding {
  readonly binding: number;
  readonly name: string;
  readonly kind: BindingKind;
}

/** The shader's bindings that a dispatch uses. */
export function bindingsOf({ shader, bindings }: Dispatch): readonly Binding[] {
  return Object.entries(shader.bindings)
    .map(([name, kind], binding) => ({ binding, name, kind }))
    .filter(({ name, kind }) => kind === 'uniform' || name in bindings);
}

const shaderStageCompute = 0x4;

export class Pipelines {
  readonly #device: Device;
  readonly #modules = new Map<string, GPUShaderModule>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  readonly #pipelines = new Map<string, Promise<Pipeline>>();

  readonly #onCompile: DeviceOptions['onCompile'];

  constructor(device: Device, onCompile?: DeviceOptions['onCompile']) {
    this.#device = device;
    this.#onCompile = onCompile;
  }

  /** Returns the pipeline of each dispatch, in order. Compiles all missing ones concurrently. */
  async prepare(dispatches: readonly Dispatch[]): Promise<Pipeline[]> {
    const known = this.#pipelines.size;
    const all = dispatches.map((dispatch) => this.#pipelineOf(dispatch));
    const fresh = [...this.#pipelines.values()].slice(known);
    let done = 0;
    for (const pipeline of fresh) {
      pipeline.then(() => this.#onCompile?.({ done: ++done, total: fresh.length })).catch(() => undefined);
    }
    const pipelines = await Promise.all(all);
    this.#device.check();
    return pipelines;
  }

  #pipelineOf(dispatch: Dispatch): Promise<Pipeline> {
    const { shader, entry, constants = {}, blocks = {} } = dispatch;
    const key = JSON.stringify([shader.name, entry, Object.entries(constants).sort(), Object.entries(blocks).sort()]);
    let pipeline = this.#pipelines.get(key);
    if (!pipeline) {
      pipeline = this.#compile(dispatch);
      this.#pipelines.set(key, pipeline);
      pipeline.catch(() => this.#pipelines.delete(key)); // a later attempt compiles it again
    }
    return pipeline;
  }

  async #compile(dispatch: Dispatch): Promise<Pipeline> {
    const { gpu } = this.#device;
    const { shader, entry, constants = {}, blocks = {} } = dispatch;
    const layout = this.#layoutOf(bindingsOf(dispatch));
    const label = `${shader.name}/${entry}`;
    const code = replaceBlocks(shader, blocks);
    // An invalid module also fails its pipelines, with a better message: its own report is dropped.
    gpu.pushErrorScope('validation');
    const module = this.#moduleOf(label, code);
    gpu.popErrorScope().catch(() => undefined);
    try {
      const compiling = gpu.createComputePipelineAsync({
        label,
        layout: gpu.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: entry, constants },
      });
      const pipeline = await this.#device.whileAlive(compiling);
      return { gpu: pipeline, layout };
    } catch (error) {
      this.#device.check();
      const { explain } = await import('./explain.ts');
      throw new BackendError(`webgpu: ${label} does not compile: ${await explain(module, code, error)}`, {
        cause: error,
      });
    }
  }

  #moduleOf(label: string, code: string): GPUShaderModule {
    let module = this.#modules.get(code);
    if (!module) this.#modules.set(code, (module = this.#device.gpu.createShaderModule({ label, code })));
    return module;
  }

  #layoutOf(bindings: readonly Binding[]): GPUBindGroupLayout {
    const key = bindings.map(({ binding, kind }) => `${binding} ${kind}`).join();
    let layout = this.#layouts.get(key);
    if (!layout) {
      const entries = bindings.map(({ binding, kind }) => ({
        binding,
        visibility: shaderStageCompute,
        buffer: { type: kind },
      }));
      layout = this.#device.gpu.createBindGroupLayout({ label: key, entries });
      this.#layouts.set(key, layout);
    }
    return layout;
  }
}

/**
 * Returns the shader's text with each block's text instead of the default between its two markers.
 *
 * @throws InternalError for a block that the shader does not have
 */
export function replaceBlocks(
  { name, code }: Pick<ShaderSource, 'name' | 'code'>,
  blocks: Readonly<Record<string, string>>,
): string {
  let replaced = code;
  for (const [block, text] of Object.entries(blocks)) {
    const close = `/*${block}]*/`;
    const start = replaced.indexOf(`/*[${block}*/`);
    const end = replaced.indexOf(close, start);
    if (start < 0 || end < 0) throw new InternalError(`webgpu: shader ${name} has no block '${block}'`);
    replaced = `${replaced.slice(0, start)} ${text} ${replaced.slice(end + close.length)}`;
  }
  return replaced;
}
