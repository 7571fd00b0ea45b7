/**
 * Acquires an adapter and a device, and records their failures. A device can be lost at any time, and results read
 * afterwards would be wrong, so every readback calls `check`.
 */
import { BackendError, messageOf } from '../../core/errors.ts';
import { withTimeout } from '../../core/timeout.ts';

export interface DeviceOptions {
  /** Used instead of `navigator.gpu`. In Node: `create([])` of the package `webgpu`. */
  readonly gpu?: GPU | undefined;
  /** Called as each new pipeline of a program finishes compiling. Exceptions are ignored. */
  readonly onCompile?: ((progress: { readonly done: number; readonly total: number }) => void) | undefined;
  /** Timeout in milliseconds for each request for an adapter or a device. */
  readonly patience?: number;
}

/**
 * Milliseconds. Longer than automatic selection waits, since a browser may start its GPU process slowly on a busy
 * machine.
 */
const defaultTimeout = 4000;

/** Limits requested above WebGPU's defaults if the adapter offers them. No kernel benefits from higher ones. */
const preferredLimits = {
  maxBufferSize: 2 ** 32 - 4,
  maxStorageBufferBindingSize: 2 ** 32 - 4,
  maxComputeWorkgroupStorageSize: 32 * 1024,
} as const;

/** Names of software adapters, for browsers that do not flag them. */
const softwareNames = /swiftshader|llvmpipe|lavapipe|softpipe|basic render/i;

/** Error scopes, outermost first. They are popped in the order validation, internal, memory. */
const scopes = ['out-of-memory', 'internal', 'validation'] as const;

export class Device {
  readonly gpu: GPUDevice;
  /** Vendor, architecture and name, as far as the browser reports them. */
  readonly description: string;
  /** The adapter runs on the CPU: correct, but slower than WebAssembly. */
  readonly isSoftware: boolean;
  #failure: BackendError | null = null;
  /** Reject functions of pending promises: a lost device may never settle them. */
  readonly #pending = new Set<() => void>();
  #disposed = false;

  static async acquire(options: DeviceOptions): Promise<Device> {
    const { gpu = (globalThis.navigator as Navigator | undefined)?.gpu, patience = defaultTimeout } = options;
    if (!gpu) {
      throw new BackendError(
        'webgpu: there is no navigator.gpu here: serve the page over https, or use another backend',
      );
    }
    try {
      const adapterRequest = gpu.requestAdapter({ powerPreference: 'high-performance' });
      const adapter = await withTimeout(patience, 'requestAdapter', adapterRequest);
      if (!adapter) throw new Error('there is no adapter');
      const { limits, features } = adapter;
      const names = Object.keys(preferredLimits) as (keyof typeof preferredLimits)[];
      const requiredLimits = Object.fromEntries(
        names.map((name) => [name, Math.min(limits[name], preferredLimits[name])]),
      );
      const requiredFeatures = ([...features] as GPUFeatureName[]).filter((name) => name === 'subgroups');
      const descriptor = { label: 'gradlet', requiredLimits, requiredFeatures };
      const deviceRequest = adapter.requestDevice(descriptor);
      const device = new Device(
        adapter,
        await withTimeout(patience, 'requestDevice', deviceRequest, (late) => late.destroy()),
      );
      await Promise.resolve(); // a device that is lost from the start settles `lost` first
      device.check();
      return device;
    } catch (error) {
      const why = messageOf(error);
      throw new BackendError(`webgpu: the browser gives no device (${why}): use another backend`, { cause: error });
    }
  }

  private constructor(adapter: GPUAdapter, gpu: GPUDevice) {
    this.gpu = gpu;
    // Older browsers have no `info`, and report the fallback flag on the adapter or not at all. Hence the test of the
    // name.
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
    this.isSoftware = isFallback === true || isFallbackAdapter || softwareNames.test(this.description);
    gpu.addEventListener('uncapturederror', ({ error }) => this.fail(`webgpu: ${error.message}`));
    gpu.lost.then(
      ({ reason, message }) => {
        if (!this.#disposed) this.fail(`webgpu: the device was lost (${reason}): ${message || 'no reason given'}`);
        this.#rejectPending();
      },
      () => undefined, // `lost` never rejects
    );
  }

  /** Throws the first recorded failure, if any: no result can be trusted after it. */
  check(): void {
    if (this.#disposed) throw new BackendError('webgpu: the backend was disposed: create a new engine');
    if (this.#failure) throw this.#failure;
  }

  /** Records a failure. Only the first one is kept. */
  fail(message: string): void {
    this.#failure ??= new BackendError(message);
  }

  /**
   * Runs `work` and throws `BackendError` if the device reports an error for any call in it. `what` describes the
   * operation in the message.
   */
  async guard<T>(what: string, work: () => T): Promise<T> {
    for (const scope of scopes) this.gpu.pushErrorScope(scope);
    let result: T;
    let errors: Promise<(GPUError | null)[]>;
    try {
      result = work();
    } finally {
      errors = Promise.all(scopes.map(() => this.gpu.popErrorScope()));
      errors.catch(() => undefined); // if `work` throws, nobody awaits them
    }
    // An allocation without memory also causes validation errors wherever it is used: the outer scope has the cause.
    const error = (await this.orFailure(what, errors)).reverse().find((found) => found !== null);
    if (error) throw new BackendError(`webgpu: ${what} failed: ${error.message}`);
    this.check();
    return result;
  }

  /**
   * Runs `work` now. If the device later reports that it is out of memory, the next `check` throws, and the device is
   * destroyed, which frees all its memory.
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
        () => undefined, // the device is lost, which `lost` reports
      );
    }
  }

  /** Resolves with the result of `promise`; rejects if the device is lost or disposed first. */
  async whileAlive<T>(promise: Promise<T>): Promise<T> {
    let end!: () => void;
    const ended = new Promise<never>((_, reject) => this.#pending.add((end = () => reject(new Error('it has ended')))));
    try {
      return await Promise.race([promise, ended]);
    } finally {
      this.#pending.delete(end);
    }
  }

  /**
   * Resolves with the result of `promise`. A rejection, or the loss of the device in the meantime, becomes a
   * BackendError.
   */
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
