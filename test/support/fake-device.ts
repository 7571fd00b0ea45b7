/**
 * A fake `GPU` for the WebGPU backend: it counts buffers, stores no data and computes nothing. Limits default to those of WebGPU.
 * The device can run out of memory at a given buffer. Using a destroyed buffer, or copying beyond the end of a buffer, is an
 * uncaptured error, after which the backend returns no more results.
 */
interface FakeBuffer {
  readonly label: string;
  readonly size: number;
  destroyed: boolean;
}

interface FakeOptions {
  readonly limits?: Readonly<Record<string, number>>;
  /** The label of the buffer whose allocation fails. */
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

/** The created objects: the name of each call and the label of the object. */
type Made = readonly [call: string, label: string];

export class FakeDevice {
  readonly buffers: FakeBuffer[] = [];
  readonly made: Made[] = [];
  /** The calls on a compute pass. */
  readonly encoded: string[] = [];
  readonly gpu: GPU;
  destroyed = false;

  constructor({ limits = {}, outOfMemoryAt, features = [] }: FakeOptions = {}) {
    const scopes: { filter: string; error: { message: string } | null }[] = [];
    const make = (call: string, label = ''): object => (this.made.push([call, label]), { label });
    const listeners: ((event: { error: { message: string } }) => void)[] = [];
    const requireAlive = (what: string, used: readonly FakeBuffer[]): void => {
      const dead = used.find(({ destroyed }) => destroyed);
      if (dead)
        for (const listener of listeners) listener({ error: { message: `${what} uses ${dead.label}, destroyed` } });
    };
    const requireInside = (what: string, { label, size }: FakeBuffer, end: number): void => {
      if (!(end <= size)) for (const listener of listeners) listener({ error: { message: `${what} leaves ${label}` } });
    };
    const note = (call: string): void => void this.encoded.push(call);
    const device = {
      limits: { ...defaults, ...limits },
      features: new Set(features),
      lost: new Promise(() => undefined),
      addEventListener: (_: string, listener: (typeof listeners)[number]) => void listeners.push(listener),
      pushErrorScope: (filter: string) => void scopes.push({ filter, error: null }),
      popErrorScope: () => Promise.resolve(scopes.pop()!.error),
      createBuffer: ({ label, size }: { label: string; size: number }) => {
        const buffer = {
          ...(make('createBuffer', label) as { label: string }),
          size,
          destroyed: false,
          destroy: () => void (buffer.destroyed = true),
          mapAsync: () => Promise.resolve(),
          getMappedRange: (_: number, bytes: number) => new ArrayBuffer(bytes),
          unmap: () => undefined,
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
      createBindGroup: ({ label, entries }: { label?: string; entries: { resource: { buffer: FakeBuffer } }[] }) => ({
        ...make('createBindGroup', label),
        used: entries.map(({ resource }) => resource.buffer),
      }),
      createCommandEncoder: ({ label }: { label?: string }) => {
        const used: FakeBuffer[] = [];
        return {
          ...make('createCommandEncoder', label),
          beginComputePass: (pass: { label?: string } = {}) => ({
            ...make('beginComputePass', pass.label),
            setPipeline: ({ label: name }: { label: string }) => note(`setPipeline ${name}`),
            setBindGroup: (_: number, group: { label: string; used: readonly FakeBuffer[] }) => {
              used.push(...group.used);
              note(`setBindGroup ${group.label}`);
            },
            dispatchWorkgroups: (...grid: number[]) => note(`dispatchWorkgroups ${grid.join(' ')}`),
            end: () => note('end'),
          }),
          copyBufferToBuffer: (from: FakeBuffer, offset: number, to: FakeBuffer, _: number, bytes: number) => {
            used.push(from, to);
            requireInside('a copy', from, offset + bytes);
          },
          finish: () => ({ used }),
        };
      },
      queue: {
        onSubmittedWorkDone: () => Promise.resolve(),
        writeBuffer: (buffer: FakeBuffer, offset: number, data: ArrayBufferView | ArrayBuffer) => {
          requireAlive('a write', [buffer]);
          requireInside('a write', buffer, offset >= 0 ? offset + data.byteLength : Infinity);
        },
        submit: (commands: readonly { used: readonly FakeBuffer[] }[]) => {
          note('submit');
          for (const { used } of commands) requireAlive('a submit', used);
        },
      },
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

  /** The labels of the buffers that have not been destroyed. */
  get alive(): string[] {
    return this.buffers.filter(({ destroyed }) => !destroyed).map(({ label }) => label);
  }
}
