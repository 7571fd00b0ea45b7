/**
 * Asks for an adapter and a device, and remembers what went wrong with them. A device may vanish at any time; nothing
 * may then be read as if it had been computed, so every way back to the host goes through `check`.
 */
import { BackendError } from '../../core/errors.ts';

export interface DeviceOptions {
  /** Used instead of `navigator.gpu`: in Node, `create([])` of the package `webgpu`. */
  readonly gpu?: GPU | undefined;
  /** Hears of each pipeline of a program that was not there yet and is ready now. What it throws is passed over. */
  readonly onCompile?: ((progress: { readonly done: number; readonly total: number }) => void) | undefined;
}

/** Limits worth more than WebGPU's defaults where the adapter offers them; more is of no use to any kernel. */
const wanted = {
  maxBufferSize: 2 ** 32 - 4,
  maxStorageBufferBindingSize: 2 ** 32 - 4,
  maxComputeWorkgroupStorageSize: 32 * 1024,
} as const;

/** Names by which software adapters give themselves away where the browser does not. */
const software = /swiftshader|llvmpipe|lavapipe|softpipe|basic render/i;

/** The inner scope first when popped: validation, then internal, then memory. */
const scopes = ['out-of-memory', 'internal', 'validation'] as const;

export class Device {
  readonly gpu: GPUDevice;
  /** Vendor, architecture and name, as far as the browser tells. */
  readonly description: string;
  /** A processor pretending to be a GPU: right, but slower than WebAssembly. */
  readonly isSoftware: boolean;
  #failure: BackendError | null = null;
  #disposed = false;

  static async acquire({ gpu = (globalThis.navigator as Navigator | undefined)?.gpu }: DeviceOptions): Promise<Device> {
    if (!gpu) {
      throw new BackendError(
        'webgpu: there is no navigator.gpu here: serve the page over https, or use another backend',
      );
    }
    try {
      const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
      if (!adapter) throw new Error('there is no adapter');
      const { limits, features } = adapter;
      const names = Object.keys(wanted) as (keyof typeof wanted)[];
      const requiredLimits = Object.fromEntries(names.map((name) => [name, Math.min(limits[name], wanted[name])]));
      const requiredFeatures = ([...features] as GPUFeatureName[]).filter((name) => name === 'subgroups');
      const descriptor = { label: 'gradlet', requiredLimits, requiredFeatures };
      return new Device(adapter, await adapter.requestDevice(descriptor));
    } catch (error) {
      throw new BackendError(`webgpu: the browser gives no device (${messageOf(error)}): use another backend`);
    }
  }

  private constructor({ info }: GPUAdapter, gpu: GPUDevice) {
    this.gpu = gpu;
    const parts = [info.vendor, info.architecture, info.device, info.description].filter((part) => part !== '');
    this.description = [...new Set(parts)].join(' ') || 'unnamed adapter';
    // Older browsers have the flag on the adapter or nowhere, hence the second look at the name.
    this.isSoftware = info.isFallbackAdapter || software.test(this.description);
    gpu.addEventListener('uncapturederror', ({ error }) => this.fail(`webgpu: ${error.message}`));
    gpu.lost.then(
      ({ reason, message }) => {
        if (!this.#disposed) this.fail(`webgpu: the device was lost (${reason}): ${message || 'no reason given'}`);
      },
      () => undefined, // lost never rejects
    );
  }

  /** Throws what has gone wrong so far, if anything: from then on no result can be trusted. */
  check(): void {
    if (this.#disposed) throw new BackendError('webgpu: the backend was disposed: create a new engine');
    if (this.#failure) throw this.#failure;
  }

  /** Remembers the first failure. */
  fail(message: string): void {
    this.#failure ??= new BackendError(message);
  }

  /** Does `work`, and throws when the device found fault with any call in it. `what` says what was tried. */
  async guard<T>(what: string, work: () => T): Promise<T> {
    for (const scope of scopes) this.gpu.pushErrorScope(scope);
    let result: T;
    let errors: Promise<(GPUError | null)[]>;
    try {
      result = work();
    } finally {
      errors = Promise.all(scopes.map(() => this.gpu.popErrorScope()));
      errors.catch(() => undefined); // where `work` throws, nobody waits for them
    }
    // What lacks memory is also invalid wherever it is used: the outer scopes tell the cause.
    const error = (await this.orFailure(what, errors)).reverse().find((found) => found !== null);
    if (error) throw new BackendError(`webgpu: ${what} failed: ${error.message}`);
    this.check();
    return result;
  }

  /**
   * Does `work` now. When the device reports later that it had no memory for it, the next `check` throws; nothing can be read any
   * more, and all memory is given back.
   */
  guardLater<T>(what: string, work: () => T): T {
    this.gpu.pushErrorScope('out-of-memory');
    try {
      return work();
    } finally {
      this.gpu.popErrorScope().then(
        (error) => {
          if (!error) return;
          this.fail(`webgpu: ${what} failed: ${error.message || 'out of memory'}`);
          this.gpu.destroy();
        },
        () => undefined, // the device is lost, which `lost` tells
      );
    }
  }

  /** The result of `promise`; its rejection becomes a BackendError. */
  async orFailure<T>(what: string, promise: Promise<T>): Promise<T> {
    try {
      return await promise;
    } catch (error) {
      this.check();
      throw new BackendError(`webgpu: ${what} failed: ${messageOf(error)}`);
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.gpu.destroy();
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
