/**
 * A `GPU` for the WebGPU backend without a GPU: it counts buffers, holds none and computes nothing. Limits are WebGPU's defaults
 * unless others are given; the device may run out of memory at some buffer.
 */
interface FakeBuffer {
  readonly label: string;
  readonly size: number;
  destroyed: boolean;
}

interface FakeOptions {
  readonly limits?: Readonly<Record<string, number>>;
  /** The label of the buffer for which there is no memory. */
  readonly outOfMemoryAt?: string;
  readonly features?: readonly string[];
}

const defaults = {
  maxBufferSize: 2 ** 28,
  maxStorageBufferBindingSize: 2 ** 27,
  maxStorageBuffersPerShaderStage: 8,
  maxComputeWorkgroupsPerDimension: 65535,
  maxComputeWorkgroupStorageSize: 16384,
};

/** Each object that the device was asked for, by the call's name, with the label that it got. */
type Made = readonly [call: string, label: string];

export class FakeDevice {
  readonly buffers: FakeBuffer[] = [];
  readonly made: Made[] = [];
  /** What was called on a compute pass. */
  readonly encoded: string[] = [];
  readonly gpu: GPU;
  destroyed = false;

  constructor({ limits = {}, outOfMemoryAt, features = [] }: FakeOptions = {}) {
    const scopes: { filter: string; error: { message: string } | null }[] = [];
    const make = (call: string, label = ''): object => (this.made.push([call, label]), { label });
    const note = (call: string): void => void this.encoded.push(call);
    const device = {
      limits: { ...defaults, ...limits },
      features: new Set(features),
      lost: new Promise(() => undefined),
      addEventListener: () => undefined,
      pushErrorScope: (filter: string) => void scopes.push({ filter, error: null }),
      popErrorScope: () => Promise.resolve(scopes.pop()!.error),
      createBuffer: ({ label, size }: { label: string; size: number }) => {
        const buffer = {
          ...(make('createBuffer', label) as { label: string }),
          size,
          destroyed: false,
          destroy: () => void (buffer.destroyed = true),
        };
        this.buffers.push(buffer);
        if (label === outOfMemoryAt) {
          const scope = scopes.findLast(({ filter }) => filter === 'out-of-memory')!;
          scope.error ??= { message: `no memory for ${size} bytes` };
        }
        return buffer;
      },
      createShaderModule: ({ label }: { label?: string }) => make('createShaderModule', label),
      createBindGroupLayout: ({ label }: { label?: string }) => make('createBindGroupLayout', label),
      createPipelineLayout: ({ label }: { label?: string }) => make('createPipelineLayout', label),
      createComputePipelineAsync: ({ label }: { label?: string }) =>
        Promise.resolve(make('createComputePipelineAsync', label)),
      createBindGroup: ({ label }: { label?: string }) => make('createBindGroup', label),
      createCommandEncoder: ({ label }: { label?: string }) => ({
        ...make('createCommandEncoder', label),
        beginComputePass: (pass: { label?: string } = {}) => ({
          ...make('beginComputePass', pass.label),
          setPipeline: ({ label: name }: { label: string }) => note(`setPipeline ${name}`),
          setBindGroup: (_: number, { label: name }: { label: string }) => note(`setBindGroup ${name}`),
          dispatchWorkgroups: (...grid: number[]) => note(`dispatchWorkgroups ${grid.join(' ')}`),
          end: () => note('end'),
        }),
        finish: () => ({}),
      }),
      queue: { writeBuffer: () => undefined, submit: () => note('submit') },
      destroy: () => {
        this.destroyed = true;
        for (const buffer of this.buffers) buffer.destroyed = true;
      },
    };
    const info = { vendor: 'fake', architecture: '', device: '', description: '', isFallbackAdapter: false };
    const adapter = {
      info,
      limits: device.limits,
      features: device.features,
      requestDevice: () => Promise.resolve(device),
    };
    this.gpu = { requestAdapter: () => Promise.resolve(adapter) } as unknown as GPU;
  }

  /** The labels of the buffers that are still there. */
  get alive(): string[] {
    return this.buffers.filter(({ destroyed }) => !destroyed).map(({ label }) => label);
  }
}
