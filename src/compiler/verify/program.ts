/**
 * Runs last, where a verifier is installed: a program that passes can be run blindly. Every buffer lies inside its allocation, everything read was
 * written, and no step writes bytes that it or a later step still reads as something else.
 */
import { InternalError } from '../../core/errors.ts';
import type { Program, ProgramBuffer, ProgramStep } from '../program.ts';

export function verifyProgram(program: Program): void {
  program.buffers.forEach((buffer) => checkInside(program, buffer));
  const written = new Set<string>();
  // The value that each updated variable holds now: whoever reads its place later must mean that one.
  const updated = new Map<string, number>();
  // Who wrote the bytes last, by allocation: a value may be read only while it is the newest in its place.
  const owners: { buffer: ProgramBuffer; key: string }[] = [];
  for (const whole of program.steps) {
    const step = spread(program, whole);
    for (const index of step.inputs) {
      const buffer = program.buffers[index]!;
      if ((updated.get(keyOf(buffer)) ?? buffer.value) !== buffer.value)
        throw fault(step, `reads ${buffer.label} in a variable that is updated by now`);
      if (buffer.place.kind !== 'arena') continue;
      if (buffer.bytes > 0 && !written.has(keyOf(buffer)))
        throw fault(step, `reads ${buffer.label}, which is not written or no longer there`);
    }
    checkDistinct(program, step);
    if (program.target === 'webgpu') checkUsage(program, step);
    for (const index of [...step.outputs, ...step.scratch]) {
      const buffer = program.buffers[index]!;
      if (buffer.place.kind === 'constant') throw fault(step, `writes the constant ${buffer.label}`);
      if (buffer.place.kind === 'variable') updated.set(keyOf(buffer), buffer.value);
      if (buffer.place.kind !== 'arena') continue;
      for (const owner of owners.filter((other) => overlaps(other.buffer, buffer) && other.key !== keyOf(buffer))) {
        written.delete(owner.key);
        owners.splice(owners.indexOf(owner), 1);
      }
      if (!written.has(keyOf(buffer))) owners.push({ buffer, key: keyOf(buffer) });
      written.add(keyOf(buffer));
    }
  }
  for (const [name, index] of Object.entries(program.outputs)) {
    const buffer = program.buffers[index]!;
    if (buffer.place.kind === 'arena' && buffer.bytes > 0 && !written.has(keyOf(buffer))) {
      throw new InternalError(`verify: output '${name}' is not there at the end of the program`);
    }
  }
}

/** Views of one value share a key: they start at the same byte and have the same size. */
function keyOf({ place, bytes }: ProgramBuffer): string {
  return place.kind === 'arena' ? `${place.allocation}:${place.byteOffset}:${bytes}` : `${place.kind}:${place.index}`;
}

function checkInside(program: Program, { place, bytes, label }: ProgramBuffer): void {
  const fits =
    place.kind === 'variable'
      ? place.index < program.variables.length
      : place.kind === 'constant'
        ? place.index < program.constants.length
        : place.byteOffset + bytes <= program.allocations[place.allocation]!;
  if (!fits) throw new InternalError(`verify: buffer ${label} of ${bytes} bytes lies outside of its memory`);
}

/** Outputs and scratch must not touch each other, nor an input that is not shared on purpose. */
function checkDistinct(program: Program, step: ProgramStep): void {
  const written = [...step.outputs, ...step.scratch];
  written.forEach((index, position) => {
    const buffer = program.buffers[index]!;
    written.slice(position + 1).forEach((other) => {
      if (overlaps(buffer, program.buffers[other]!)) throw fault(step, `writes ${buffer.label} twice`);
    });
    if (step.op.isChain && buffer.type.dtype === 'uint8') throw fault(step, 'writes uint8');
    step.inputs.forEach((input, place) => {
      const shared = step.inPlace[position] === place;
      if (shared && program.buffers[input]!.type.dtype !== buffer.type.dtype)
        throw fault(step, `writes ${buffer.label} in place of another dtype`);
      if (!shared && overlaps(buffer, program.buffers[input]!))
        throw fault(step, `writes over its input ${program.buffers[input]!.label}`);
    });
  });
}

/** The step with each buffer that stretches over several replaced by those, which must lie alike in all of them. */
function spread(program: Program, step: ProgramStep): ProgramStep {
  const membersOf = (index: number): readonly number[] => program.buffers[index]!.members ?? [index];
  const inputs = step.inputs.flatMap(membersOf);
  const outputs = step.outputs.flatMap(membersOf);
  if (inputs.length === step.inputs.length && outputs.length === step.outputs.length) return step;
  const distances = [...step.inputs, ...step.outputs]
    .filter((index) => program.buffers[index]!.members)
    .map((index) => distancesOf(program, program.buffers[index]!).join());
  if (new Set(distances).size > 1)
    throw fault(step, `reads and writes at different distances: ${distances.join('; ')}`);
  const inPlace = step.outputs.flatMap((output, position) => {
    const place = step.inPlace[position]!;
    const start = place === null ? 0 : step.inputs.slice(0, place).flatMap(membersOf).length;
    return membersOf(output).map((_, index) => (place === null ? null : start + index));
  });
  return { ...step, inputs, outputs, inPlace };
}

/** Where each member begins behind the first, and where the last ends. */
function distancesOf(program: Program, { members, bytes }: ProgramBuffer): number[] {
  const starts = members!.map((index) => startOf(program, program.buffers[index]!));
  return [...starts.map((start) => start - starts[0]!), bytes];
}

/** Where a buffer begins in the GPU buffer that holds it. */
function startOf({ variables }: Program, { place }: ProgramBuffer): number {
  if (place.kind === 'arena') return place.byteOffset;
  return place.kind === 'variable' ? (variables[place.index]!.slice?.byteOffset ?? 0) : 0;
}

/** No buffer of WebGPU is read and written in one dispatch, even at different places; what is in place is bound once. */
function checkUsage(program: Program, step: ProgramStep): void {
  const holderOf = (index: number): string => {
    const { place } = program.buffers[index]!;
    if (place.kind === 'arena') return `allocation ${place.allocation}`;
    const arena = place.kind === 'variable' ? program.variables[place.index]!.slice?.arena : undefined;
    return arena === undefined ? `${place.kind} ${place.index}` : `arena ${arena}`;
  };
  const written = new Set([...step.outputs, ...step.scratch].map(holderOf));
  step.inputs.forEach((index, place) => {
    if (!step.inPlace.includes(place) && written.has(holderOf(index)))
      throw fault(step, `reads ${program.buffers[index]!.label} in a buffer that it writes`);
  });
}

function overlaps(a: ProgramBuffer, b: ProgramBuffer): boolean {
  if (a.place.kind !== b.place.kind || a.bytes === 0 || b.bytes === 0) return false;
  if (a.place.kind === 'arena' && b.place.kind === 'arena') {
    if (a.place.allocation !== b.place.allocation) return false;
    return a.place.byteOffset < b.place.byteOffset + b.bytes && b.place.byteOffset < a.place.byteOffset + a.bytes;
  }
  return a.place.kind !== 'arena' && b.place.kind !== 'arena' && a.place.index === b.place.index;
}

function fault(step: ProgramStep, what: string): InternalError {
  return new InternalError(`verify: step ${step.label} ${what}`);
}
