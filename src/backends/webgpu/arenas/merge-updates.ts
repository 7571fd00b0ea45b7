/**
 * For WebGPU programs whose variables share buffers. Updates with the same formula on adjacent variables are merged
 * into one dispatch that spans from the first to the last, including padding. The gradients that they read move into
 * one allocation at the same distances. Updates that are not adjacent stay separate.
 */
import type { MemoryLocation, Program, ProgramBuffer, ProgramStep } from '../../../compiler/program.ts';
import { bytesPerElement } from '../../../core/dtype.ts';
import type { DeviceTraits } from '../../../graph/kernel.ts';
import type { ChainAttributes } from '../../../ops/elementwise/elementwise.ts';
import { findRuns } from './find-runs.ts';
import type { UpdateRun } from './find-runs.ts';

export function mergeUpdates(program: Program, device: DeviceTraits): Program {
  const runs = findRuns(program);
  if (runs.length === 0) return program;
  const moved = new Map<number, MemoryLocation>();
  const allocations = [...program.allocations];
  for (const run of runs) {
    const start = run.updates[0]!.byteOffset;
    for (const values of run.values) {
      const allocation = allocations.push(run.bytes) - 1;
      values.forEach((value, index) => {
        moved.set(value, { kind: 'arena', allocation, byteOffset: run.updates[index]!.byteOffset - start });
      });
    }
  }
  const buffers = program.buffers.map((buffer) => ({
    ...buffer,
    location: moved.get(buffer.value) ?? buffer.location,
  }));
  const steps = program.steps.map((step): ProgramStep | null => step);
  for (const run of runs) {
    const positions = run.updates.map(({ position }) => position);
    for (const position of positions) steps[position] = null;
    steps[Math.max(...positions)] = mergedStep(run, buffers, device);
  }
  return dropUnused({ ...program, allocations, buffers, steps: steps.filter((step) => step !== null) });
}

/** One step for all updates of `run`. Appends the buffers that span several variables to `buffers`. */
function mergedStep(run: UpdateRun, buffers: ProgramBuffer[], device: DeviceTraits): ProgramStep {
  const { step } = run.updates[0]!;
  const span = (list: 'inputs' | 'outputs', position: number): number => {
    const members = run.updates.map((update) => update.step[list][position]!);
    const first = buffers[members[0]!]!;
    if (first.bytes !== run.updates[0]!.bytes) return members[0]!; // a scalar that all updates share
    const { dtype } = first.type;
    const type = { shape: [run.bytes / bytesPerElement[dtype]], dtype };
    return buffers.push({ ...first, type, bytes: run.bytes, value: -1, members }) - 1;
  };
  const outputs = step.outputs.map((_, position) => span('outputs', position));
  const inputs = step.inputs.map((_, position) => span('inputs', position));
  const types = {
    attributes: step.attributes as ChainAttributes,
    inputs: inputs.map((index) => buffers[index]!.type),
    outputs: outputs.map((index) => buffers[index]!.type),
    inPlace: step.inPlace,
    device,
  };
  return { ...step, inputs, outputs, dispatches: step.op.kernels.webgpu[0]!.lower(types as never) };
}

/** Shrinks allocations to what is still in them and drops empty ones. */
function dropUnused(program: Program): Program {
  const bytes = new Map<number, number>();
  for (const { location, bytes: own } of program.buffers) {
    if (location.kind !== 'arena') continue;
    bytes.set(location.allocation, Math.max(16, bytes.get(location.allocation) ?? 0, location.byteOffset + own));
  }
  const usedAllocations = [...bytes.keys()].sort((a, b) => a - b);
  const buffers = program.buffers.map((buffer): ProgramBuffer => {
    const { location } = buffer;
    return location.kind === 'arena'
      ? { ...buffer, location: { ...location, allocation: usedAllocations.indexOf(location.allocation) } }
      : buffer;
  });
  return { ...program, buffers, allocations: usedAllocations.map((allocation) => bytes.get(allocation)!) };
}
