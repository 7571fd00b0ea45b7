/**
 * A program prepared to run: arenas, constants, one uniform buffer with a slice per dispatch, and a bind group per
 * dispatch. Everything is created in advance, so running K steps takes one command buffer with one compute pass and one
 * submit, without creating objects or waiting.
 */
import { typedArray } from '../../core/dtype.ts';
import type { TypedArray } from '../../core/dtype.ts';
import { sizeOf } from '../../core/shape.ts';
import type { Dispatch, Operand } from '../../graph/kernel.ts';
import { arenaBytes, bufferIndex, bytesOf } from '../../compiler/program.ts';
import type { Program, ProgramStep } from '../../compiler/program.ts';
import type { PreparedProgram } from '../backend.ts';
import type { Buffers } from './buffers.ts';
import { usage } from './buffers.ts';
import type { Device } from './device.ts';
import type { WebGPUBuffer } from './index.ts';
import { bindingsOf } from './pipelines.ts';
import type { Pipeline, Pipelines } from './pipelines.ts';
import { packUniforms } from './uniforms.ts';

/**
 * Bytes of one dispatch's slice of the uniform buffer: WebGPU's binding alignment. No shader has more uniforms
 * (`architecture.test.ts`).
 */
const sliceBytes = 256;

/** Longer runs are split into several submits: a command buffer costs memory in three processes. */
const dispatchesPerSubmit = 8192;

interface Command {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly grid: Dispatch['grid'];
}

/** The range of a GPU buffer that holds one of the program's buffers. */
interface BufferRange {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
}

export interface WebGPUProgram extends PreparedProgram {
  /** Bytes of arenas, constants and uniforms. */
  readonly bytes: number;
}

interface StepDispatch {
  readonly step: ProgramStep;
  readonly dispatch: Dispatch;
}

export async function prepareProgram(
  device: Device,
  buffers: Buffers,
  pipelines: Pipelines,
  program: Program,
  variables: readonly WebGPUBuffer[],
): Promise<WebGPUProgram> {
  const stepDispatches = program.steps.flatMap((step) =>
    step.dispatches.map((dispatch): StepDispatch => ({ step, dispatch })),
  );
  const nonEmpty = stepDispatches.filter(({ dispatch }) => dispatch.grid.every((groups) => groups > 0));
  const compiled = await pipelines.prepare(nonEmpty.map(({ dispatch }) => dispatch));
  const owned: GPUBuffer[] = [];
  const own = (buffer: GPUBuffer): GPUBuffer => (owned.push(buffer), buffer);
  try {
    const label = `${nonEmpty.length} dispatches from ${nonEmpty[0]?.step.label} on, ${arenaBytes(program)} bytes`;
    return await device.guard(`preparing ${label}`, () => {
      const arenas = program.allocations.map((bytes, index) => own(buffers.create(bytes, `arena ${index}`)));
      const constants = program.constants.map(({ type, value }, index) => {
        const buffer = own(buffers.create(bytesOf(type), `constant ${index}`));
        const filled = typeof value === 'number' ? typedArray(type.dtype, sizeOf(type.shape)).fill(value) : value;
        buffers.write(buffer, filled, 0);
        return buffer;
      });
      const ranges = program.buffers.map(({ location, bytes }): BufferRange => {
        if (location.kind === 'arena')
          return { buffer: arenas[location.allocation]!, offset: location.byteOffset, bytes };
        if (location.kind === 'constant') return { buffer: constants[location.index]!, offset: 0, bytes };
        const { gpu, byteOffset = 0 } = variables[location.index]!;
        return { buffer: gpu, offset: byteOffset, bytes };
      });
      const uniforms = own(buffers.create(sliceBytes * nonEmpty.length, 'uniforms', usage.uniform));
      const commands = makeCommands(device, nonEmpty, compiled, ranges, uniforms);
      encode(device, commands, label, 1); // discarded: it only lets the guard see any error
      return {
        bytes: owned.reduce((sum, { size }) => sum + size, 0),
        run: (steps) => {
          device.check();
          const stepsPerSubmit = Math.max(1, Math.floor(dispatchesPerSubmit / Math.max(1, commands.length)));
          for (let remaining = steps; remaining > 0; remaining -= stepsPerSubmit) {
            device.gpu.queue.submit([encode(device, commands, label, Math.min(remaining, stepsPerSubmit))]);
          }
        },
        read: (output, into) => readOutput(buffers, program, ranges, output, into),
        dispose: () => {
          for (const buffer of owned) buffer.destroy();
        },
      };
    });
  } catch (error) {
    for (const buffer of owned) buffer.destroy();
    throw error;
  }
}

function readOutput(
  buffers: Buffers,
  program: Program,
  ranges: readonly BufferRange[],
  output: string,
  into: TypedArray | undefined,
): Promise<TypedArray> {
  const index = program.outputs[output]!; // the engine has checked the name
  const { buffer, offset } = ranges[index]!;
  const { dtype, shape } = program.buffers[index]!.type;
  return buffers.read(buffer, dtype, sizeOf(shape), offset, into);
}

function makeCommands(
  device: Device,
  stepDispatches: readonly StepDispatch[],
  pipelines: readonly Pipeline[],
  ranges: readonly BufferRange[],
  uniforms: GPUBuffer,
): Command[] {
  const view = new DataView(new ArrayBuffer(uniforms.size));
  const commands = stepDispatches.map(({ step, dispatch }, index): Command => {
    const pipeline = pipelines[index]!;
    const struct = dispatch.shader.uniforms;
    const offset = index * sliceBytes;
    if (struct) packUniforms(view, offset, struct, dispatch.uniforms ?? {});
    const entries = bindingsOf(dispatch).map(({ binding, name, kind }): GPUBindGroupEntry => {
      if (kind === 'uniform') return { binding, resource: { buffer: uniforms, offset, size: struct!.size } };
      const operand = dispatch.bindings[name]!;
      return { binding, resource: bindingOf(ranges[bufferIndex(step, operand)]!, operand) };
    });
    const label = `${index} ${step.label}`;
    const group = device.gpu.createBindGroup({ label, layout: pipeline.layout, entries });
    return { pipeline: pipeline.gpu, group, grid: dispatch.grid };
  });
  device.gpu.queue.writeBuffer(uniforms, 0, view.buffer); // Dawn in Node does not accept a DataView
  return commands;
}

/** Binds exactly the operand's bytes, so that arrayLength and bounds checks match the tensor. */
function bindingOf({ buffer, offset, bytes }: BufferRange, { byteOffset = 0 }: Operand): GPUBufferBinding {
  const size = Math.max(4, Math.ceil((bytes - byteOffset) / 4) * 4);
  return { buffer, offset: offset + byteOffset, size };
}

/**
 * Encodes `steps` runs of all commands. Sets pipelines and bind groups only when they change: in JavaScript, setting a
 * bind group costs three to six times as much as a dispatch.
 */
function encode({ gpu }: Device, commands: readonly Command[], label: string, steps: number): GPUCommandBuffer {
  const encoder = gpu.createCommandEncoder({ label });
  const pass = encoder.beginComputePass({ label });
  let lastPipeline: GPUComputePipeline | null = null;
  let lastGroup: GPUBindGroup | null = null;
  for (let count = 0; count < steps; count++) {
    for (let index = 0; index < commands.length; index++) {
      const { pipeline, group, grid } = commands[index]!;
      if (pipeline !== lastPipeline) pass.setPipeline((lastPipeline = pipeline));
      if (group !== lastGroup) pass.setBindGroup(0, (lastGroup = group));
      pass.dispatchWorkgroups(grid[0], grid[1], grid[2]);
    }
  }
  pass.end();
  return encoder.finish();
}
