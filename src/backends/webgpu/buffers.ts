/**
 * Device memory: allocation, and the ways in (writeBuffer, which the browser stages) and out (a copy into a mappable
 * buffer, kept for the next time). WebGPU moves multiples of 4 bytes; what does not divide is rounded up.
 */
import { bytesPerElement, copied, viewAs } from '../../core/dtype.ts';
import type { DType, TypedArray } from '../../core/dtype.ts';
import type { Device } from './device.ts';

/** WebGPU's flags by value: Node has no GPUBufferUsage. */
export const usage = { mapRead: 0x1, copySource: 0x4, copyTarget: 0x8, uniform: 0x40, storage: 0x80 } as const;
const mapModeRead = 1;

/** So many mappable buffers of at most so many bytes wait for the next readback of their size. */
const kept = 16;
const keptBytes = 2 ** 20;

const roundUp = (value: number, to: number): number => Math.ceil(value / to) * to;

export class Buffers {
  readonly #device: Device;
  /** Free staging buffers, the one that was used last at the end. */
  readonly #staging: GPUBuffer[] = [];

  constructor(device: Device) {
    this.#device = device;
  }

  /**
   * Zero-filled storage of at least `bytes`, within the limits. An empty tensor has bytes too: a binding may not be empty. Whoever
   * calls this looks out for the device's report that it had no memory.
   */
  create(bytes: number, label: string, flags: number = usage.storage): GPUBuffer {
    const size = Math.max(16, roundUp(bytes, 16));
    return this.#device.gpu.createBuffer({ label, size, usage: flags | usage.copySource | usage.copyTarget });
  }

  /**
   * Writes `values` from byte `offset` on, before all work queued later. The offset is a multiple of 4; odd bytes at the end are
   * the last of the tensor, and zeros that follow fall behind it.
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

  /** `length` elements from byte `offset` (a multiple of 4) on, after all the work queued before: a copy, or `into`. */
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
      // A device lost after the copy was queued may still map, with bytes that nothing was copied to.
      this.#device.check();
      const values = copied(viewAs(dtype, staging.getMappedRange(0, bytes), 0, length), into);
      staging.unmap();
      this.#keepStaging(staging);
      return values;
    } catch (error) {
      staging.destroy();
      throw error;
    }
  }

  #takeStaging(size: number): GPUBuffer {
    const place = this.#staging.findIndex((free) => free.size === size);
    if (place >= 0) return this.#staging.splice(place, 1)[0]!;
    return this.#device.guardLater(`allocating ${size} bytes to read back`, () =>
      this.#device.gpu.createBuffer({ label: 'staging', size, usage: usage.mapRead | usage.copyTarget }),
    );
  }

  #keepStaging(buffer: GPUBuffer): void {
    if (buffer.size > keptBytes) buffer.destroy();
    else if (this.#staging.push(buffer) > kept) this.#staging.shift()!.destroy();
  }
}
