/**
 * Device memory: allocation, writes (`writeBuffer`, which the browser stages) and reads (a copy into a mappable staging
 * buffer, which is reused). WebGPU copies multiples of 4 bytes; other sizes are rounded up.
 */
import { bytesPerElement, copied, viewAs } from '../../core/dtype.ts';
import type { DType, TypedArray } from '../../core/dtype.ts';
import type { Device } from './device.ts';

/** WebGPU's flags as numbers: Node has no GPUBufferUsage. */
export const usage = { mapRead: 0x1, copySource: 0x4, copyTarget: 0x8, uniform: 0x40, storage: 0x80 } as const;
const mapModeRead = 1;

/** Keeps at most this many staging buffers, each at most this large, for reuse by a readback of the same size. */
const maxRetained = 16;
const maxRetainedBytes = 2 ** 20;

const roundUp = (value: number, to: number): number => Math.ceil(value / to) * to;

export class Buffers {
  readonly #device: Device;
  /** Free staging buffers, the most recently used one last. */
  readonly #staging: GPUBuffer[] = [];

  constructor(device: Device) {
    this.#device = device;
  }

  /**
   * Creates a zero-filled storage buffer of at least `bytes`, which must be within the limits. An empty tensor gets
   * bytes too, because a binding must not be empty. The caller must catch the device's out-of-memory report.
   */
  create(bytes: number, label: string, flags: number = usage.storage): GPUBuffer {
    const size = Math.max(16, roundUp(bytes, 16));
    return this.#device.gpu.createBuffer({ label, size, usage: flags | usage.copySource | usage.copyTarget });
  }

  /**
   * Writes `values` at byte `offset`, a multiple of 4, before all work queued later. If the byte count is not a
   * multiple of 4, the values must end the tensor: the zero padding lands behind it.
   */
  write(buffer: GPUBuffer, values: TypedArray, offset: number): void {
    let bytes = new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
    if (bytes.length % 4 > 0) {
      const whole = new Uint8Array(roundUp(bytes.length, 4));
      whole.set(bytes);
      bytes = whole;
    }
    this.#device.gpu.queue.writeBuffer(buffer, offset, bytes);
  }

  /**
   * Reads `length` elements at byte `offset` (a multiple of 4) after all work queued so far, into a new array or
   * `into`.
   */
  async read(buffer: GPUBuffer, dtype: DType, length: number, offset = 0, into?: TypedArray): Promise<TypedArray> {
    this.#device.check();
    if (length === 0) return into ?? viewAs(dtype, new ArrayBuffer(0));
    const bytes = roundUp(length * bytesPerElement[dtype], 4);
    const staging = this.#takeStaging(bytes);
    try {
      const encoder = this.#device.gpu.createCommandEncoder({ label: 'read' });
      encoder.copyBufferToBuffer(buffer, offset, staging, 0, bytes);
      this.#device.gpu.queue.submit([encoder.finish()]);
      await this.#device.orFailure(`reading '${buffer.label}'`, staging.mapAsync(mapModeRead, 0, bytes));
      // A device lost after the copy was queued may still map the buffer, with bytes that were never written.
      this.#device.check();
      const values = copied(viewAs(dtype, staging.getMappedRange(0, bytes), 0, length), into);
      staging.unmap();
      this.#retainStaging(staging);
      return values;
    } catch (error) {
      staging.destroy();
      throw error;
    }
  }

  #takeStaging(size: number): GPUBuffer {
    const index = this.#staging.findIndex((free) => free.size === size);
    if (index >= 0) return this.#staging.splice(index, 1)[0]!;
    return this.#device.guardLater(`allocating ${size} bytes to read back`, () =>
      this.#device.gpu.createBuffer({ label: 'staging', size, usage: usage.mapRead | usage.copyTarget }),
    );
  }

  #retainStaging(buffer: GPUBuffer): void {
    if (buffer.size > maxRetainedBytes) buffer.destroy();
    else if (this.#staging.push(buffer) > maxRetained) this.#staging.shift()!.destroy();
  }
}
