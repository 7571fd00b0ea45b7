/**
 * For WebGPU programs whose variables share buffers. A dispatch must not read and write the same buffer, even at
 * different offsets, so a step that writes one variable and reads another of the same arena reads a copy instead.
 */
import type { Program, ProgramBuffer, ProgramStep } from '../../../compiler/program.ts';
import type { DeviceTraits } from '../../../graph/kernel.ts';
import type { StructuredOp } from '../../../graph/op.ts';
import { copy } from '../../../ops/shape/copy.ts';

/** The index of the arena that holds a buffer's variable; undefined for a variable with its own buffer. */
export function arenaOf(program: Program, buffer: ProgramBuffer): number | undefined {
  return buffer.location.kind === 'variable' ? program.variables[buffer.location.index]!.slice?.arena : undefined;
}

export function separateReads(program: Program, device: DeviceTraits): Program {
  const buffers = [...program.buffers];
  const allocations = [...program.allocations];
  const copyOf = (index: number): { step: ProgramStep; into: number } => {
    const { type, bytes, label } = buffers[index]!;
    const location = { kind: 'arena', allocation: allocations.push(Math.max(16, bytes)) - 1, byteOffset: 0 } as const;
    const into = buffers.push({ type, bytes, location, value: buffers.length, label }) - 1;
    const types = { attributes: {}, inputs: [type], outputs: [type], inPlace: [null], device };
    const [kernel] = copy.op.kernels.webgpu;
    const step: ProgramStep = {
      label: copy.op.name,
      op: copy.op as StructuredOp,
      attributes: {},
      kernel: kernel!.name,
      inputs: [index],
      outputs: [into],
      scratch: [],
      inPlace: [null],
      calls: [],
      dispatches: kernel!.lower(types),
    };
    return { step, into };
  };
  const steps = program.steps.flatMap((step): ProgramStep[] => {
    const written = new Set(step.outputs.map((index) => arenaOf(program, buffers[index]!)));
    written.delete(undefined);
    const copies: ProgramStep[] = [];
    const inputs = step.inputs.map((index, position) => {
      if (step.inPlace.includes(position) || !written.has(arenaOf(program, buffers[index]!))) return index;
      const { step: copyStep, into } = copyOf(index);
      copies.push(copyStep);
      return into;
    });
    return copies.length === 0 ? [step] : [...copies, { ...step, inputs }];
  });
  return { ...program, buffers, allocations, steps };
}
