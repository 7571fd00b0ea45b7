/**
 * Asks for an adapter and a device, and remembers what went wrong with them. A device may vanish at any time; nothing
 * may then be read as if it had been computed, so every way back to the host goes through `check`.
 */
import { BackendError, messageOf } from '../../core/errors.ts';
import { within } from '../../core/within.ts';

export interface DeviceOptions {
  /** Used instead of `navigator.gpu`: in Node, `create([])` of the package `webgpu`. */
  readonly gpu?: GPU | undefined;
  /** Hears of each pipeline of a program that was not there yet and is ready now. What it throws is passed over. */
  readonly onCompile?: ((progress: { readonly done: number; readonly total: number }) => void) | undefined;
  /** Milliseconds in which the browser has to answer each request for an adapter or a device. */
  readonly patience?: number;
}

/** A browser that starts its GPU process on a busy machine may take longer than a page wants to wait for a choice. */
const defaultPatience = 4000;

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
  /** Rejects what is being waited for: a device that is lost need not answer. */
  readonly #pending = new Set<() => void>();
  #disposed = false;

  static async acquire(options: DeviceOptions): Promise<Device> {
    const { gpu = (globalThis.navigator as Navigator | undefined)?.gpu, patience = defaultPatience } = options;
    if (!gpu) {
      throw new BackendError(
        'webgpu: there is no navigator.gpu here: serve the page over https, or use another backend',
      );
    }
    try {
      const request = gpu.requestAdapter({ powerPreference: 'high-performance' });
      const adapter = await within(patience, 'requestAdapter', request);
      if (!adapter) throw new Error('there is no adapter');
      const { limits, features } = adapter;
      const names = Object.keys(wanted) as (keyof typeof wanted)[];
      const requiredLimits = Object.fromEntries(names.map((name) => [name, Math.min(limits[name], wanted[name])]));
      const requiredFeatures = ([...features] as GPUFeatureName[]).filter((name) => name === 'subgroups');
      const descriptor = { label: 'gradlet', requiredLimits, requiredFeatures };
      const device = adapter.requestDevice(descriptor);
      const made = new Device(adapter, await within(patience, 'requestDevice', device, (late) => late.destroy()));
      await Promise.resolve(); // a device that was lost from the start says so in `lost`
      made.check();
      return made;
    } catch (error) {
      const why = messageOf(error);
      throw new BackendError(`webgpu: the browser gives no device (${why}): use another backend`, { cause: error });
    }
  }

  private constructor(adapter: GPUAdapter, gpu: GPUDevice) {
    this.gpu = gpu;
    // Older browsers have no `info`, and the flag on the adapter or nowhere, hence the look at the name.
    const { info = {}, isFallbackAdapter = false } = adapter as Partial<GPUAdapter> & Partial<GPUAdapterInfo>;
    const {
      vendor,
      architecture,
      device,
      description,
      isFallbackAdapter: isFallback,
    } = info as Partial<GPUAdapterInfo>;
    const parts = [vendor, architecture, device, description].filter(Boolean);
    this.description = [...new Set(parts)].join(' ') || 'unnamed adapter';
    this.isSoftware = isFallback === true || isFallbackAdapter || software.test(this.description);
    gpu.addEventListener('uncapturederror', ({ error }) => this.fail(`webgpu: ${error.message}`));
    gpu.lost.then(
      ({ reason, message }) => {
        if (!this.#disposed) this.fail(`webgpu: the device was lost (${reason}): ${message || 'no reason given'}`);
        this.#rejectPending();
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

  /** The result of `promise`, which is rejected when the device ends before. */
  async whileAlive<T>(promise: Promise<T>): Promise<T> {
    let end!: () => void;
    const ended = new Promise<never>((_, reject) => this.#pending.add((end = () => reject(new Error('it has ended')))));
    try {
      return await Promise.race([promise, ended]);
    } finally {
      this.#pending.delete(end);
    }
  }

  /** The result of `promise`; its rejection becomes a BackendError, and so does the end of the device meanwhile. */
  async orFailure<T>(what: string, promise: Promise<T>): Promise<T> {
    try {
      return await this.whileAlive(promise);
    } catch (error) {
      this.check();
      throw new BackendError(`webgpu: ${what} failed: ${messageOf(error)}`, { cause: error });
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.gpu.destroy();
    this.#rejectPending();
  }

  #rejectPending(): void {
    for (const end of this.#pending) end();
  }
}
