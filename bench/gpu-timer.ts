/**
 * GPU time of work that other code submits: wraps a GPU object so that the compute passes of its devices write
 * timestamps while the timer is active. start-engine.ts gives such an object to the engine; executions.ts reports the
 * times next to wall-clock times.
 *
 * The clock has a resolution of a tenth of a millisecond in Chrome, so samples must be much longer than that.
 */
export interface GpuTimer {
  /**
   * Milliseconds between the beginning and the end of all compute passes that `work` submits, without what lies between
   * them. Null where there was none, or more than can be timed, or the clock did not see them.
   */
  time(work: () => Promise<void>): Promise<number | null>;
}

export interface TimedGpu {
  readonly gpu: GPU;
  /** Of the last device that was asked for; null where the adapter has no timestamps. */
  readonly timer: GpuTimer | null;
}

/** A query set has at most 4096 timestamps, two per pass. */
const mostPasses = 2048;

/** Wraps `gpu`; everything else behaves as before. */
export function withTimestamps(gpu: GPU): TimedGpu {
  let timer: GpuTimer | null = null;
  const requestAdapter = async (options?: GPURequestAdapterOptions): Promise<GPUAdapter | null> => {
    const adapter = await gpu.requestAdapter(options);
    if (!adapter?.features.has('timestamp-query')) return adapter;
    const requestDevice = adapter.requestDevice.bind(adapter);
    adapter.requestDevice = async (descriptor = {}) => {
      const requiredFeatures = new Set<GPUFeatureName>([...(descriptor.requiredFeatures ?? []), 'timestamp-query']);
      const device = await requestDevice({ ...descriptor, requiredFeatures: [...requiredFeatures] });
      timer = new PassTimer(device);
      return device;
    };
    return adapter;
  };
  const wrapped = new Proxy(gpu, {
    get(target, name) {
      if (name === 'requestAdapter') return requestAdapter;
      // the browser's accessors and methods require the original object
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return {
    gpu: wrapped,
    get timer() {
      return timer;
    },
  };
}

class PassTimer implements GpuTimer {
  private readonly device: GPUDevice;
  private readonly queries: GPUQuerySet;
  private readonly resolved: GPUBuffer;
  private readonly readable: GPUBuffer;
  /** Passes seen while it looks; null while it does not. */
  private passes: number | null = null;

  constructor(device: GPUDevice) {
    const count = 2 * mostPasses;
    const { QUERY_RESOLVE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
    this.device = device;
    this.queries = device.createQuerySet({ label: 'timestamps', type: 'timestamp', count });
    this.resolved = device.createBuffer({ label: 'timestamps', size: 8 * count, usage: QUERY_RESOLVE | COPY_SRC });
    this.readable = device.createBuffer({ label: 'timestamps to read', size: 8 * count, usage: COPY_DST | MAP_READ });
    this.watchEncoders();
  }

  async time(work: () => Promise<void>): Promise<number | null> {
    this.passes = 0;
    let passes: number;
    try {
      await work();
    } finally {
      passes = this.passes;
      this.passes = null;
    }
    return passes === 0 || passes > mostPasses ? null : this.sum(passes);
  }

  private watchEncoders(): void {
    const { device } = this;
    const createCommandEncoder = device.createCommandEncoder.bind(device);
    device.createCommandEncoder = (descriptor) => {
      const encoder = createCommandEncoder(descriptor);
      const beginComputePass = encoder.beginComputePass.bind(encoder);
      encoder.beginComputePass = (pass) => beginComputePass({ ...pass, ...this.nextPass() });
      return encoder;
    };
  }

  private nextPass(): Pick<GPUComputePassDescriptor, 'timestampWrites'> {
    if (this.passes === null) return {};
    const index = 2 * this.passes++;
    if (index >= 2 * mostPasses) return {};
    const { queries: querySet } = this;
    return {
      timestampWrites: { querySet, beginningOfPassWriteIndex: index, endOfPassWriteIndex: index + 1 },
    };
  }

  private async sum(passes: number): Promise<number | null> {
    const { device, queries, resolved, readable } = this;
    const encoder = device.createCommandEncoder({ label: 'read timestamps' });
    encoder.resolveQuerySet(queries, 0, 2 * passes, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, readable, 0, 16 * passes);
    device.queue.submit([encoder.finish()]);
    await readable.mapAsync(GPUMapMode.READ, 0, 16 * passes);
    const ticks = [...new BigUint64Array(readable.getMappedRange(0, 16 * passes))];
    readable.unmap();
    // a difference is negative if the GPU's clock was reset
    const taken = ticks.reduce((sum, tick, index) => sum + (index % 2 === 0 ? -tick : tick), 0n);
    return taken > 0n ? Number(taken) / 1e6 : null;
  }
}
