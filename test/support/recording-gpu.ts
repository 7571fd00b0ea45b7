/**
 * A fake GPU that computes nothing and records calls: tests in Node how the WebGPU backend encodes programs. It validates as
 * WebGPU does: bindings are aligned and inside their buffers, and no dispatch reads and writes the same buffer.
 */
const alignment = 256;

export interface RecordedBuffer {
  readonly label: string;
  readonly size: number;
  destroyed: boolean;
}

interface RecordedBinding {
  readonly buffer: RecordedBuffer;
  readonly offset?: number;
  readonly size?: number;
}

export class RecordingGPU {
  /** Labels of the bind groups of all dispatches, by submit. */
  readonly submits: string[][] = [];
  readonly buffers: RecordedBuffer[] = [];
  /** Errors that WebGPU would report. */
  readonly faults: string[] = [];

  /** The value for the option `gpu`. */
  get gpu(): GPU {
    const limits = {
      maxBufferSize: 2 ** 28,
      maxStorageBufferBindingSize: 2 ** 27,
      maxStorageBuffersPerShaderStage: 8,
      maxComputeWorkgroupsPerDimension: 65_535,
      maxComputeWorkgroupStorageSize: 16384,
    };
    const info = { vendor: 'recording', architecture: '', device: '', description: '', isFallbackAdapter: false };
    const adapter = { limits, info, features: new Set(), requestDevice: () => Promise.resolve(this.device(limits)) };
    return { requestAdapter: () => Promise.resolve(adapter) } as unknown as GPU;
  }

  /** Total size of the live buffers in bytes. */
  get bytes(): number {
    return this.buffers.reduce((sum, { size, destroyed }) => sum + (destroyed ? 0 : size), 0);
  }

  private device(limits: object): object {
    const nothing = (): object => ({});
    return {
      limits,
      features: new Set(),
      lost: new Promise(() => undefined),
      queue: {
        writeBuffer: (buffer: RecordedBuffer, offset: number, data: ArrayBuffer, _from?: number, bytes?: number) => {
          if (offset + (bytes ?? data.byteLength) > buffer.size) this.faults.push(`a write behind '${buffer.label}'`);
          if (buffer.destroyed) this.faults.push(`a write to '${buffer.label}', which was destroyed`);
        },
        submit: (commands: readonly string[][]) =>
          void this.submits.push(...commands.filter(({ length }) => length > 0)),
        onSubmittedWorkDone: () => Promise.resolve(),
      },
      addEventListener: () => undefined,
      pushErrorScope: () => undefined,
      popErrorScope: () => Promise.resolve(null),
      createShaderModule: nothing,
      createPipelineLayout: nothing,
      createBindGroupLayout: ({ entries }: GPUBindGroupLayoutDescriptor) => ({ entries }),
      createComputePipelineAsync: () => Promise.resolve({}),
      createBuffer: (descriptor: { label: string; size: number }) => this.buffer(descriptor),
      createBindGroup: (descriptor: GPUBindGroupDescriptor) => this.bindGroup(descriptor),
      createCommandEncoder: () => this.encoder(),
      destroy: () => undefined,
    };
  }

  private buffer({ label, size }: { label: string; size: number }): object {
    const buffer = {
      label,
      size,
      destroyed: false,
      destroy: () => void (buffer.destroyed = true),
      mapAsync: () => Promise.resolve(),
      // Negative as int32, which means that no non-finite value was found, and finite as float32.
      getMappedRange: (_offset: number, bytes: number) => new Uint8Array(bytes).fill(0x80).buffer,
      unmap: () => undefined,
    };
    this.buffers.push(buffer);
    return buffer;
  }

  private bindGroup({ label = '', layout, entries }: GPUBindGroupDescriptor): object {
    const kinds = [...(layout as unknown as GPUBindGroupLayoutDescriptor).entries];
    const uses = [...entries].map(({ binding, resource }) => {
      const { buffer, offset = 0, size = 0 } = resource as unknown as RecordedBinding;
      if (offset % alignment !== 0) this.faults.push(`${label}: binding ${binding} begins at ${offset}`);
      if (offset + size > buffer.size) this.faults.push(`${label}: binding ${binding} ends behind '${buffer.label}'`);
      if (buffer.destroyed) this.faults.push(`${label}: '${buffer.label}' was destroyed`);
      const kind = kinds.find((entry) => entry.binding === binding)!.buffer!.type;
      return { buffer, offset, size, isWritten: kind === 'storage' };
    });
    uses.forEach((use, index) =>
      uses.slice(0, index).forEach((other) => {
        if (use.buffer !== other.buffer || (!use.isWritten && !other.isWritten)) return;
        const overlap = use.offset < other.offset + other.size && other.offset < use.offset + use.size;
        if (use.isWritten !== other.isWritten || overlap)
          this.faults.push(`${label}: '${use.buffer.label}' is bound twice`);
      }),
    );
    return { label };
  }

  private encoder(): object {
    const dispatches: string[] = [];
    let current = '';
    return {
      copyBufferToBuffer: () => undefined,
      beginComputePass: () => ({
        setPipeline: () => undefined,
        setBindGroup: (_index: number, { label }: { label: string }) => void (current = label),
        dispatchWorkgroups: () => void dispatches.push(current),
        end: () => undefined,
      }),
      finish: () => dispatches,
    };
  }
}
