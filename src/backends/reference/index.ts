/**
 * The reference backend runs a program with the ops' float64 loops. It is slow and simple, and the oracle for all other
 * backends. Each buffer is a separate Float64Array: values that would share memory on a device do not share it here,
 * except where a step works in place.
 */
import { typedArray } from '../../core/dtype.ts';
import type { TypedArray } from '../../core/dtype.ts';
import { sizeOf } from '../../core/shape.ts';
import type { TensorType } from '../../graph/op.ts';
import type { Program, ProgramBuffer } from '../../compiler/program.ts';
import { checkProgram, checkType, checkWrite, requireOwn, requireRoom } from '../check.ts';
import type { Backend, BackendBuffer, BackendInfo, PreparedProgram } from '../backend.ts';

class ReferenceBuffer implements BackendBuffer {
  readonly type: TensorType;
  readonly values: Float64Array;
  owner: Backend | undefined;
  constructor(type: TensorType, owner: Backend) {
    this.type = type;
    this.owner = owner;
    this.values = new Float64Array(sizeOf(type.shape));
  }
}

/**
 * Runs programs with float64 loops on the calling thread. Slow: for checking the results of other backends.
 *
 * @example
 * ```ts
 * const engine = await createEngine({ backend: new ReferenceBackend() });
 * ```
 */
export class ReferenceBackend implements Backend {
  readonly name = 'reference';
  private stateBytes = 0;
  private arenaBytes = 0;

  get info(): BackendInfo {
    const stateBytes = this.stateBytes;
    const arenaBytes = this.arenaBytes;
    return {
      name: 'reference',
      description: 'float64 loops',
      threads: 1,
      reason: '',
      isSoftware: true,
      stateBytes,
      arenaBytes,
    };
  }

  allocate(type: TensorType, label = ''): BackendBuffer {
    checkType(type, label);
    const buffer = new ReferenceBuffer(type, this);
    this.stateBytes += buffer.values.byteLength;
    return buffer;
  }

  write(buffer: BackendBuffer, values: TypedArray, offset = 0): void {
    requireOwn(this, buffer);
    checkWrite('buffer', buffer.type, values, offset);
    (buffer as ReferenceBuffer).values.set(values, offset);
  }

  read(buffer: BackendBuffer, into?: TypedArray): Promise<TypedArray> {
    requireOwn(this, buffer);
    requireRoom('buffer', buffer.type, into);
    const { values, type } = buffer as ReferenceBuffer;
    return Promise.resolve(round(values, type, into));
  }

  release(buffer: BackendBuffer): void {
    requireOwn(this, buffer);
    buffer.owner = undefined;
    this.stateBytes -= (buffer as ReferenceBuffer).values.byteLength;
  }

  prepare(program: Program, variables: readonly BackendBuffer[]): Promise<PreparedProgram> {
    checkProgram(this, program, variables);
    const memory = new Map<string, Float64Array>();
    const values = program.buffers.map((buffer) => this.locate(program, buffer, variables, memory));
    const bytes = [...memory.values()].reduce((sum, array) => sum + array.byteLength, 0);
    this.arenaBytes += bytes;
    return Promise.resolve({
      run: (steps: number) => {
        for (let count = 0; count < steps; count++) runOnce(program, values);
      },
      read: (output: string, into?: TypedArray) => {
        const index = program.outputs[output]!;
        return Promise.resolve(round(values[index]!, program.buffers[index]!.type, into));
      },
      dispose: () => {
        this.arenaBytes -= bytes;
      },
    });
  }

  finished(): Promise<void> {
    return Promise.resolve();
  }

  dispose(): void {
    // Everything is garbage collected.
  }

  /** The array of a buffer. Views of one value get the same array. */
  private locate(
    program: Program,
    { location, type, bytes }: ProgramBuffer,
    variables: readonly BackendBuffer[],
    memory: Map<string, Float64Array>,
  ): Float64Array {
    if (location.kind === 'variable') return (variables[location.index] as ReferenceBuffer).values;
    const key =
      location.kind === 'arena'
        ? `${location.allocation}:${location.byteOffset}:${bytes}`
        : `constant ${location.index}`;
    let array = memory.get(key);
    if (array === undefined) {
      array = new Float64Array(sizeOf(type.shape));
      if (location.kind === 'constant') {
        const { value } = program.constants[location.index]!;
        if (typeof value === 'number') array.fill(value);
        else array.set(value);
      }
      memory.set(key, array);
    }
    return array;
  }
}

function runOnce(program: Program, values: readonly Float64Array[]): void {
  for (const { op, attributes, inputs, outputs } of program.steps) {
    op.reference({
      attributes: attributes as never,
      epilogue: op.epilogue,
      inputs: inputs.map((index) => values[index]!),
      inputTypes: inputs.map((index) => program.buffers[index]!.type),
      outputs: outputs.map((index) => values[index]!),
      outputTypes: outputs.map((index) => program.buffers[index]!.type),
    });
  }
}

function round(values: Float64Array, { dtype, shape }: TensorType, into?: TypedArray): TypedArray {
  const out = into ?? typedArray(dtype, sizeOf(shape));
  out.set(values);
  return out;
}
