/** Chooses and starts a backend and gives the engine that runs on it. Importing this file brings all the backends. */
import { checkArguments, options as optionsOf } from './core/arguments.ts';
import { isBackend } from './backends/backend.ts';
import { selectBackend } from './backends/select.ts';
import type { SelectOptions } from './backends/select.ts';
import { threadArguments } from './backends/wasm/index.ts';
import { deviceArguments } from './backends/webgpu/index.ts';
import type { Backend, BackendInfo } from './backends/backend.ts';
import { Engine } from './engine.ts';

export type EngineOptions = SelectOptions;

/** An engine that remembers why its backend was taken. */
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
 * An engine on the best backend there is: a real GPU where the work is large enough to gain from it, else WebAssembly.
 * `engine.info` tells what was chosen and why.
 *
 * @throws BackendError when the backend asked for, or none at all, starts here; ValueError for an unknown name
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
