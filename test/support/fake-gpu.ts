/**
 * A backend that claims to be WebGPU and computes nothing: a run advances a simulated clock by the given costs of its kernels.
 * For tests that depend on timings only.
 */
import type { TypedArray } from '../../src/core/dtype.ts';
import { typedArray } from '../../src/core/dtype.ts';
import { BackendError } from '../../src/core/errors.ts';
import { sizeOf } from '../../src/core/shape.ts';
import type { Backend, BackendBuffer, BackendInfo, PreparedProgram } from '../../src/backends/backend.ts';
import type { Program } from '../../src/compiler/program.ts';
import { matmulQuads } from '../../src/generated/shaders/matmul-quads.ts';
import type { DeviceTraits } from '../../src/graph/kernel.ts';
import type { TensorType } from '../../src/graph/op.ts';

export class FakeGPU implements Backend {
  readonly name = 'webgpu';
  readonly traits: DeviceTraits;
  /** Milliseconds per run, by kernel name. Other kernels do not compile. */
  readonly costs: Readonly<Record<string, number>>;
  readonly description: string;
  /** Milliseconds. */
  clock = 0;
  /** Number of live variables and programs. */
  alive = 0;
  /** The kernels of each prepared program. */
  readonly prepared: string[][] = [];

  constructor(costs: Readonly<Record<string, number>>, description = 'fake adapter', isSoftware = false) {
    this.costs = costs;
    this.description = description;
    this.traits = { softwareQuads: isSoftware && matmulQuads };
  }

  get info(): BackendInfo {
    const { name, description } = this;
    return { name, description, threads: 1, reason: '', isSoftware: false, stateBytes: 0, arenaBytes: 0 };
  }

  allocate(type: TensorType): BackendBuffer {
    this.alive += 1;
    return { type };
  }

  write(): void {
    // Values are not used.
  }

  read({ type }: BackendBuffer): Promise<TypedArray> {
    return Promise.resolve(typedArray(type.dtype, sizeOf(type.shape)));
  }

  release(): void {
    this.alive -= 1;
  }

  prepare({ steps }: Program): Promise<PreparedProgram> {
    const kernels = steps.map(({ kernel }) => kernel);
    this.prepared.push(kernels);
    const missing = kernels.find((kernel) => this.costs[kernel] === undefined);
    if (missing !== undefined) return Promise.reject(new BackendError(`fake: ${missing} does not compile`));
    const cost = kernels.reduce((sum, kernel) => sum + this.costs[kernel]!, 0);
    this.alive += 1;
    return Promise.resolve({
      run: (count) => {
        this.clock += count * cost;
      },
      read: () => Promise.resolve(new Float32Array(1)),
      dispose: () => {
        this.alive -= 1;
      },
    });
  }

  finished(): Promise<void> {
    this.clock += 0.1;
    return Promise.resolve();
  }

  dispose(): void {
    this.alive = 0;
  }
}
