/**
 * A program made ready to run: arenas, constants, one uniform buffer with a slice for each dispatch, and a bind group
 * for each, all made beforehand. Running K steps is then one command buffer with one compute pass and one submit, with
 * nothing to create and nothing to wait for.
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

/** A dispatch's part of the uniform buffer: WebGPU's alignment of bindings. No shader has more (`architecture.test.ts`). */
const sliceBytes = 256;

/** More dispatches than this go in several submits: a command buffer costs memory in three processes. */
const dispatchesPerSubmit = 8192;

interface Command {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly grid: Dispatch['grid'];
}

/** Where a program's buffer lies. */
interface Location {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
}

export interface WebGPUProgram extends PreparedProgram {
  /** Of arenas, constants and uniforms. */
  readonly bytes: number;
}

interface Call {
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
  const calls = program.steps.flatMap((step) => step.dispatches.map((dispatch): Call => ({ step, dispatch })));
  const working = calls.filter(({ dispatch }) => dispatch.grid.every((groups) => groups > 0));
  const compiled = await pipelines.prepare(working.map(({ dispatch }) => dispatch));
  const owned: GPUBuffer[] = [];
  const own = (buffer: GPUBuffer): GPUBuffer => (owned.push(buffer), buffer);
  try {
    const label = `${working.length} dispatches from ${working[0]?.step.label} on, ${arenaBytes(program)} bytes`;
    return await device.guard(`preparing ${label}`, () => {
      const arenas = program.allocations.map((bytes, index) => own(buffers.create(bytes, `arena ${index}`)));
      const constants = program.constants.map(({ type, value }, index) => {
        const buffer = own(buffers.create(bytesOf(type), `constant ${index}`));
        const filled = typeof value === 'number' ? typedArray(type.dtype, sizeOf(type.shape)).fill(value) : value;
        buffers.write(buffer, filled, 0);
        return buffer;
      });
      const locations = program.buffers.map(({ place, bytes }): Location => {
        if (place.kind === 'arena') return { buffer: arenas[place.allocation]!, offset: place.byteOffset, bytes };
        if (place.kind === 'constant') return { buffer: constants[place.index]!, offset: 0, bytes };
        const { gpu, byteOffset = 0 } = variables[place.index]!;
        return { buffer: gpu, offset: byteOffset, bytes };
      });
      const uniforms = own(buffers.create(sliceBytes * working.length, 'uniforms', usage.uniform));
      const commands = makeCommands(device, working, compiled, locations, uniforms);
      encode(device, commands, label, 1); // into nothing: only so that the guard hears of any fault
      return {
        bytes: owned.reduce((sum, { size }) => sum + size, 0),
        run: (steps) => {
          device.check();
          const most = Math.max(1, Math.floor(dispatchesPerSubmit / Math.max(1, commands.length)));
          for (let left = steps; left > 0; left -= most) {
            device.gpu.queue.submit([encode(device, commands, label, Math.min(left, most))]);
          }
        },
        read: (output, into) => readOutput(buffers, program, locations, output, into),
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
  locations: readonly Location[],
  output: string,
  into: TypedArray | undefined,
): Promise<TypedArray> {
  const index = program.outputs[output]!; // the engine knows the names
  const { buffer, offset } = locations[index]!;
  const { dtype, shape } = program.buffers[index]!.type;
  return buffers.read(buffer, dtype, sizeOf(shape), offset, into);
}

function makeCommands(
  device: Device,
  calls: readonly Call[],
  pipelines: readonly Pipeline[],
  locations: readonly Location[],
  uniforms: GPUBuffer,
): Command[] {
  const view = new DataView(new ArrayBuffer(uniforms.size));
  const commands = calls.map(({ step, dispatch }, index): Command => {
    const pipeline = pipelines[index]!;
    const struct = dispatch.shader.uniforms;
    const offset = index * sliceBytes;
    if (struct) packUniforms(view, offset, struct, dispatch.uniforms ?? {});
    const entries = bindingsOf(dispatch).map(({ binding, name, kind }): GPUBindGroupEntry => {
      if (kind === 'uniform') return { binding, resource: { buffer: uniforms, offset, size: struct!.size } };
      const operand = dispatch.bindings[name]!;
      return { binding, resource: bindingOf(locations[bufferIndex(step, operand)]!, operand) };
    });
    const label = `${index} ${step.label}`;
    const group = device.gpu.createBindGroup({ label, layout: pipeline.layout, entries });
    return { pipeline: pipeline.gpu, group, grid: dispatch.grid };
  });
  device.gpu.queue.writeBuffer(uniforms, 0, view.buffer); // Dawn in Node takes no DataView
  return commands;
}

/** The operand's own bytes and no more, so that arrayLength and bounds checks are those of the tensor. */
function bindingOf({ buffer, offset, bytes }: Location, { byteOffset = 0 }: Operand): GPUBufferBinding {
  const size = Math.max(4, Math.ceil((bytes - byteOffset) / 4) * 4);
  return { buffer, offset: offset + byteOffset, size };
}

/** What does not change is not set again: in JavaScript a bind group costs three to six times what a dispatch does. */
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
