/**
 * A guarded WebGPU backend: every value of a program has a separate buffer followed by guard words. Bindings include the guard
 * words, so that a kernel that writes past the end of its output modifies them; otherwise the browser would discard the write.
 * Arenas are initialised with NaN instead of zeros, so that a kernel that writes too little gives wrong results. The device has
 * the default limits of WebGPU: a kernel that exceeds them, such as in workgroup memory, does not compile. Works in a page.
 */
import type { Backend, BackendBuffer, PreparedProgram } from '../../src/backends/backend.ts';
import { usage } from '../../src/backends/webgpu/buffers.ts';
import { WebGPUBackend } from '../../src/backends/webgpu/index.ts';
import type { Program } from '../../src/compiler/program.ts';
import { spreadOut } from './spread-out.ts';

const guardBytes = 256;
/** A NaN pattern that no kernel produces. */
const guardWord = 0xffa5a5a5;
const mapRead = 1;

interface Guarded {
  /** The offset of the guard words, and the total size in bytes. */
  from: number;
  readonly size: number;
}

export class GuardedWebGPU {
  readonly backend: WebGPUBackend;
  /** The storage buffers that are bound, with their guards. */
  private readonly guarded: Map<GPUBuffer, Guarded>;
  private readonly device: GPUDevice;

  static async create(): Promise<GuardedWebGPU> {
    const guarded = new Map<GPUBuffer, Guarded>();
    const devices: GPUDevice[] = [];
    const gpu = {
      requestAdapter: async (options?: GPURequestAdapterOptions) => {
        const adapter = (await navigator.gpu.requestAdapter(options))!;
        const requestDevice = adapter.requestDevice.bind(adapter);
        adapter.requestDevice = async (descriptor) => {
          const device = await requestDevice({ ...descriptor!, requiredLimits: {} });
          guard(device, guarded);
          devices.push(device);
          return device;
        };
        return adapter;
      },
    } as unknown as GPU;
    return new GuardedWebGPU(await WebGPUBackend.create({ gpu }), devices[0]!, guarded);
  }

  private constructor(given: WebGPUBackend, device: GPUDevice, guarded: Map<GPUBuffer, Guarded>) {
    this.backend = given;
    this.device = device;
    this.guarded = guarded;
    const backend: Backend = given;
    const prepare = backend.prepare.bind(backend);
    backend.prepare = (program: Program, variables: readonly BackendBuffer[]): Promise<PreparedProgram> =>
      prepare(spreadOut(program), variables);
  }

  /** Number of guarded buffers. */
  get watched(): number {
    return this.guarded.size;
  }

  /** Returns the modified guard words. Call it before the programs are disposed. */
  async violations(): Promise<string[]> {
    const found: string[] = [];
    for (const [buffer, { from, size }] of this.guarded) {
      const staging = this.device.createBuffer({ size: size - from, usage: usage.mapRead | usage.copyTarget });
      const encoder = this.device.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer, from, staging, 0, size - from);
      this.device.queue.submit([encoder.finish()]);
      await staging.mapAsync(mapRead);
      const words = new Uint32Array(staging.getMappedRange());
      const place = words.findIndex((word) => word !== guardWord);
      if (place >= 0) found.push(`${4 * place} bytes behind '${buffer.label}'`);
      staging.destroy();
    }
    return found;
  }
}

/** Adds guards to the storage buffers that `device` creates from now on. */
function guard(device: GPUDevice, guarded: Map<GPUBuffer, Guarded>): void {
  const sizes = new WeakMap<GPUBuffer, number>();
  const [createBuffer, createBindGroup] = [device.createBuffer.bind(device), device.createBindGroup.bind(device)];
  const fill = (buffer: GPUBuffer, from: number, size: number): void => {
    device.queue.writeBuffer(buffer, from, new Uint32Array((size - from) / 4).fill(guardWord));
  };
  device.createBuffer = (descriptor) => {
    if ((descriptor.usage & usage.storage) === 0) return createBuffer(descriptor);
    const size = descriptor.size + guardBytes;
    const buffer = createBuffer({ ...descriptor, size });
    sizes.set(buffer, size);
    if (descriptor.label?.startsWith('arena') === true) fill(buffer, 0, size);
    // Variables that share a buffer are bound separately, and all must keep their values: the guard starts after the last one.
    if (descriptor.label?.startsWith('shared') === true) guarded.set(buffer, { from: descriptor.size, size });
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      guarded.delete(buffer);
      destroy();
    };
    return buffer;
  };
  device.createBindGroup = (descriptor) => {
    const entries = [...descriptor.entries].map((entry): GPUBindGroupEntry => {
      const { buffer, offset = 0, size: bytes = 0 } = entry.resource as GPUBufferBinding;
      const size = sizes.get(buffer);
      if (size === undefined) return entry;
      const known = guarded.get(buffer);
      // Parts of a buffer may be bound separately: the guard starts after the last part.
      if (known) known.from = Math.max(known.from, offset + bytes);
      else guarded.set(buffer, { from: offset + bytes, size });
      fill(buffer, guarded.get(buffer)!.from, size);
      return { ...entry, resource: { buffer, offset, size: size - offset } };
    });
    return createBindGroup({ ...descriptor, entries });
  };
}
