/**
 * The WebGPU backend. Each variable and each memory slot of a program is a GPU buffer; each dispatch has a pipeline and
 * a bind group created in advance. Only reads and `finished` wait for the device.
 */
import { callable, checkOptions, checkValue, having, number, required } from '../../core/arguments.ts';
import type { ArgumentTable, ArgumentType } from '../../core/arguments.ts';
import { BackendError, messageOf } from '../../core/errors.ts';
import { bytesPerElement } from '../../core/dtype.ts';
import type { TypedArray } from '../../core/dtype.ts';
import { sizeOf } from '../../core/shape.ts';
import type { DeviceTraits } from '../../graph/kernel.ts';
import type { TensorType } from '../../graph/op.ts';
import { bytesOf } from '../../compiler/program.ts';
import type { Program } from '../../compiler/program.ts';
import { allocateArenas, arrange } from './arenas/index.ts';
import type { Backend, BackendBuffer, BackendInfo, Needs, PreparedProgram, VariableRequest } from '../backend.ts';
import { checkProgram, checkRequests, checkType, checkWrite, requireOwn, requireRoom } from '../check.ts';
import { Buffers } from './buffers.ts';
import { Device } from './device.ts';
import type { DeviceOptions } from './device.ts';
import { prepareProgram } from './executable.ts';
import { requireFit } from './limits.ts';
import { Pipelines } from './pipelines.ts';

export interface WebGPUBuffer extends BackendBuffer {
  readonly gpu: GPUBuffer;
}

/** Argument types of the device options, here and in `createEngine`. */
export const deviceArguments: ArgumentTable = {
  gpu: having('a GPU object, such as navigator.gpu', 'requestAdapter'),
  onCompile: callable,
};

const needsType: ArgumentType = required(having('a program, or variables alone'));

export class WebGPUBackend implements Backend {
  readonly name = 'webgpu';
  readonly traits: DeviceTraits;
  private readonly device: Device;
  private readonly buffers: Buffers;
  private readonly pipelines: Pipelines;
  private stateBytes = 0;
  private arenaBytes = 0;

  /**
   * Acquires a device and starts the backend.
   *
   * @throws BackendError if there is no adapter, the adapter returns no device, or a request times out
   * @example
   * ```ts
   * const engine = await createEngine({ backend: await WebGPUBackend.create() });
   * ```
   */
  static async create(options: DeviceOptions = {}): Promise<WebGPUBackend> {
    checkOptions('WebGPUBackend', options, { ...deviceArguments, patience: number(0) });
    const device = await Device.acquire(options);
    const hasSubgroups = device.gpu.features.has('subgroups');
    try {
      return new WebGPUBackend(device, options, {
        subgroups: hasSubgroups && (await import('./subgroups.ts')).subgroupBlocks,
        softwareQuads:
          hasSubgroups && device.isSoftware && (await import('../../generated/shaders/matmul-quads.ts')).matmulQuads,
      });
    } catch (error) {
      device.dispose();
      throw new BackendError(`webgpu: its shaders did not load: ${messageOf(error)}`, { cause: error });
    }
  }

  private constructor(device: Device, { onCompile }: DeviceOptions, traits: DeviceTraits) {
    this.device = device;
    this.traits = traits;
    this.buffers = new Buffers(device);
    this.pipelines = new Pipelines(device, onCompile);
  }

  get info(): BackendInfo {
    const { description, isSoftware } = this.device;
    const bytes = { stateBytes: this.stateBytes, arenaBytes: this.arenaBytes };
    return { name: 'webgpu', description, threads: 1, reason: '', isSoftware, ...bytes };
  }

  check(needs: Needs): void {
    checkValue('check', 'needs', needs, needsType);
    requireFit(this.device.gpu.limits, needs);
  }

  allocate(type: TensorType, label: string): WebGPUBuffer {
    checkType(type, label);
    this.device.check();
    this.check({ variables: [{ name: label, type }] });
    const bytes = bytesOf(type);
    const gpu = this.device.guardLater(`allocating ${bytes} bytes for '${label}'`, () =>
      this.buffers.create(bytes, label),
    );
    this.stateBytes += gpu.size;
    return { type, gpu, owner: this };
  }

  allocateTogether(requests: readonly VariableRequest[]): WebGPUBuffer[] {
    checkRequests(requests);
    this.check({ variables: requests.map(({ label, type }) => ({ name: label, type })) });
    const fresh: WebGPUBuffer[] = [];
    try {
      return allocateArenas(requests, (type, label) => {
        const buffer = this.allocate(type, label);
        fresh.push(buffer);
        return buffer;
      });
    } catch (error) {
      for (const buffer of fresh) this.release(buffer);
      throw error;
    }
  }

  write(buffer: BackendBuffer, values: TypedArray, offset = 0): void {
    requireOwn(this, buffer);
    this.device.check();
    const { gpu, type, byteOffset = 0 } = buffer as WebGPUBuffer;
    checkWrite('buffer', type, values, offset);
    this.buffers.write(gpu, values, byteOffset + offset * bytesPerElement[type.dtype]);
  }

  read(buffer: BackendBuffer, into?: TypedArray): Promise<TypedArray> {
    requireOwn(this, buffer);
    const { gpu, type, byteOffset } = buffer as WebGPUBuffer;
    requireRoom('buffer', type, into);
    return this.buffers.read(gpu, type.dtype, sizeOf(type.shape), byteOffset, into);
  }

  release(buffer: BackendBuffer): void {
    requireOwn(this, buffer);
    buffer.owner = undefined;
    const { gpu, arena } = buffer as WebGPUBuffer;
    if (arena && --arena.parts) return;
    this.stateBytes -= gpu.size;
    gpu.destroy();
  }

  async prepare(program: Program, variables: readonly BackendBuffer[]): Promise<PreparedProgram> {
    checkProgram(this, program, variables);
    this.device.check();
    const bound = variables as readonly WebGPUBuffer[];
    const arranged = arrange(program, bound, this.traits);
    const prepared = await prepareProgram(this.device, this.buffers, this.pipelines, arranged, bound);
    this.arenaBytes += prepared.bytes;
    return {
      ...prepared,
      dispose: () => {
        prepared.dispose();
        this.arenaBytes -= prepared.bytes;
      },
    };
  }

  async finished(): Promise<void> {
    await this.device.orFailure('waiting for the device', this.device.gpu.queue.onSubmittedWorkDone());
    this.device.check();
  }

  dispose(): void {
    this.device.dispose();
  }
}
