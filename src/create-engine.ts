/** Chooses and starts a backend and returns an engine for it. Importing this file imports all backends. */
import { checkArguments, options as optionsOf } from './core/arguments.ts';
import { isBackend } from './backends/backend.ts';
import { selectBackend } from './backends/select.ts';
import type { SelectOptions } from './backends/select.ts';
import { threadArguments } from './backends/wasm/index.ts';
import { deviceArguments } from './backends/webgpu/index.ts';
import type { Backend, BackendInfo } from './backends/backend.ts';
import { Engine } from './engine.ts';

export type EngineOptions = SelectOptions;

/** An engine that reports why its backend was selected. */
class SelectedEngine extends Engine {
  private readonly reason: string;

  constructor(backend: Backend, reason: string) {
    super(backend);
    this.reason = reason;
  }

  override get info(): BackendInfo {
    const info = super.info;
    return { ...info, reason: [this.reason, info.reason].filter((reason) => reason !== '').join('; ') };
  }
}

/**
 * Creates an engine on the best available backend: WebGPU on a hardware GPU if the work is large enough to benefit, else
 * WebAssembly. `engine.info` reports which backend was selected and why.
 *
 * @param options `backend` requests a backend by name or object; `work` is the number of multiply-adds of a training step; the
 *   others configure the WebGPU device and the WebAssembly threads
 * @throws BackendError if the requested backend, or no backend at all, can start; ValueError for invalid options
 * @example
 * const engine = await createEngine();
 * console.log(engine.info.name, engine.info.reason);
 * @example
 * const cpu = await createEngine({ backend: 'wasm' });
 */
export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
  checkArguments('createEngine', arguments, {
    options: optionsOf({
      backend: {
        expected: "'wasm', 'webgpu' or a backend",
        accepts: (value) => typeof value === 'string' || isBackend(value),
      },
      work: { expected: 'a number ≥ 0', accepts: (value) => typeof value === 'number' && value >= 0 },
      ...deviceArguments,
      ...threadArguments,
    }),
  });
  const { backend, reason } = await selectBackend(options);
  return new SelectedEngine(backend, reason);
}
