/**
 * The WebGPU backend: each variable and each memory slot of a program is a GPU buffer, each dispatch a pipeline and a
 * bind group made beforehand. Nothing waits except reads and `finished`.
 */
import { bytesPerElement } from '../../core/dtype.ts';
import type { TypedArray } from '../../core/dtype.ts';
import { sizeOf } from '../../core/shape.ts';
import type { DeviceTraits } from '../../graph/kernel.ts';
import type { TensorType } from '../../graph/op.ts';
import { bytesOf } from '../../compiler/program.ts';
import type { Program } from '../../compiler/program.ts';
import type { Backend, BackendBuffer, BackendInfo, PreparedProgram } from '../backend.ts';
import { Buffers } from './buffers.ts';
import { Device } from './device.ts';
import type { DeviceOptions } from './device.ts';
import { prepareProgram } from './executable.ts';
import { Pipelines } from './pipelines.ts';

interface WebGPUBuffer extends BackendBuffer {
  readonly gpu: GPUBuffer;
}

export class WebGPUBackend implements Backend {
  readonly name = 'webgpu';
  readonly #device: Device;
  readonly #buffers: Buffers;
  readonly #pipelines: Pipelines;
  #stateBytes = 0;
  #arenaBytes = 0;

  /** Throws `BackendError` where there is no adapter, or the adapter gives no device. */
  static async create(options: DeviceOptions = {}): Promise<WebGPUBackend> {
    return new WebGPUBackend(await Device.acquire(options));
  }

  private constructor(device: Device) {
    this.#device = device;
    this.#buffers = new Buffers(device);
    this.#pipelines = new Pipelines(device);
  }

  get traits(): DeviceTraits {
    const { isSoftware, gpu } = this.#device;
    return { softwareQuads: isSoftware && gpu.features.has('subgroups') };
  }

  get info(): BackendInfo {
    const { description, isSoftware } = this.#device;
    const bytes = { stateBytes: this.#stateBytes, arenaBytes: this.#arenaBytes };
    return { name: 'webgpu', description, threads: 1, reason: '', isSoftware, ...bytes };
  }

  allocate(type: TensorType, label: string): WebGPUBuffer {
    this.#device.check();
    const gpu = this.#buffers.allocate(bytesOf(type), label);
    this.#stateBytes += gpu.size;
    return { type, gpu };
  }

  write(buffer: BackendBuffer, values: TypedArray, offset = 0): void {
    this.#device.check();
    this.#buffers.write((buffer as WebGPUBuffer).gpu, values, offset * bytesPerElement[buffer.type.dtype]);
  }

  read(buffer: BackendBuffer): Promise<TypedArray> {
    const { dtype, shape } = buffer.type;
    return this.#buffers.read((buffer as WebGPUBuffer).gpu, dtype, sizeOf(shape));
  }

  release(buffer: BackendBuffer): void {
    const { gpu } = buffer as WebGPUBuffer;
    this.#stateBytes -= gpu.size;
    gpu.destroy();
  }

  async prepare(program: Program, variables: readonly BackendBuffer[]): Promise<PreparedProgram> {
    this.#device.check();
    const bound = variables.map((variable) => (variable as WebGPUBuffer).gpu);
    const prepared = await prepareProgram(this.#device, this.#buffers, this.#pipelines, program, bound);
    this.#arenaBytes += prepared.bytes;
    return {
      ...prepared,
      dispose: () => {
        prepared.dispose();
        this.#arenaBytes -= prepared.bytes;
      },
    };
  }

  async finished(): Promise<void> {
    await this.#device.orFailure('waiting for the device', this.#device.gpu.queue.onSubmittedWorkDone());
    this.#device.check();
  }

  dispose(): void {
    this.#device.dispose();
  }
}
