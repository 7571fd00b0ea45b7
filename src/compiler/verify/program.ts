/**
 * Checks the finished program, if a verifier is installed: every buffer lies inside its allocation, everything read was
 * written, and no step overwrites bytes that it or a later step still reads as another value.
 */
import { InternalError } from '../../core/errors.ts';
import type { Program, ProgramBuffer, ProgramStep } from '../program.ts';

export function verifyProgram(program: Program): void {
  program.buffers.forEach((buffer) => checkInside(program, buffer));
  const written = new Set<string>();
  // The value that each updated variable holds so far. A later read of its memory must mean that value.
  const updated = new Map<string, number>();
  // The last writer of each byte range. A value may be read only while it is the latest at its location.
  const owners: { buffer: ProgramBuffer; key: string }[] = [];
  for (const whole of program.steps) {
    const step = expandMembers(program, whole);
    for (const index of step.inputs) {
      const buffer = program.buffers[index]!;
      if ((updated.get(keyOf(buffer)) ?? buffer.value) !== buffer.value)
        throw fault(step, `reads ${buffer.label} in a variable that is updated by now`);
      if (buffer.location.kind !== 'arena') continue;
      if (buffer.bytes > 0 && !written.has(keyOf(buffer)))
        throw fault(step, `reads ${buffer.label}, which is not written or no longer there`);
    }
    checkDistinct(program, step);
    if (program.target === 'webgpu') checkUsage(program, step);
    for (const index of [...step.outputs, ...step.scratch]) {
      const buffer = program.buffers[index]!;
      if (buffer.location.kind === 'constant') throw fault(step, `writes the constant ${buffer.label}`);
      if (buffer.location.kind === 'variable') updated.set(keyOf(buffer), buffer.value);
      if (buffer.location.kind !== 'arena') continue;
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
    if (buffer.location.kind === 'arena' && buffer.bytes > 0 && !written.has(keyOf(buffer))) {
      throw new InternalError(`verify: output '${name}' is not there at the end of the program`);
    }
  }
}

/** Views of one value share a key: the same start and size. */
function keyOf({ location, bytes }: ProgramBuffer): string {
  return location.kind === 'arena'
    ? `${location.allocation}:${location.byteOffset}:${bytes}`
    : `${location.kind}:${location.index}`;
}

function checkInside(program: Program, { location, bytes, label }: ProgramBuffer): void {
  const fits =
    location.kind === 'variable'
      ? location.index < program.variables.length
      : location.kind === 'constant'
        ? location.index < program.constants.length
        : location.byteOffset + bytes <= program.allocations[location.allocation]!;
  if (!fits) throw new InternalError(`verify: buffer ${label} of ${bytes} bytes lies outside of its memory`);
}

/** Outputs and scratch must not overlap each other, nor an input unless memory is shared on purpose. */
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

/** Replaces each buffer that spans several others by its members, which must have the same distances in all of them. */
function expandMembers(program: Program, step: ProgramStep): ProgramStep {
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
    const shared = step.inPlace[position]!;
    const start = shared === null ? 0 : step.inputs.slice(0, shared).flatMap(membersOf).length;
    return membersOf(output).map((_, index) => (shared === null ? null : start + index));
  });
  return { ...step, inputs, outputs, inPlace };
}

/** The offset of each member from the first, and the end of the last. */
function distancesOf(program: Program, { members, bytes }: ProgramBuffer): number[] {
  const starts = members!.map((index) => startOf(program, program.buffers[index]!));
  return [...starts.map((start) => start - starts[0]!), bytes];
}

/** The byte offset of a buffer in its GPU buffer. */
function startOf({ variables }: Program, { location }: ProgramBuffer): number {
  if (location.kind === 'arena') return location.byteOffset;
  return location.kind === 'variable' ? (variables[location.index]!.slice?.byteOffset ?? 0) : 0;
}

/**
 * WebGPU must not read and write one buffer in a dispatch, even at different offsets. A buffer updated in place is
 * bound once.
 */
function checkUsage(program: Program, step: ProgramStep): void {
  const holderOf = (index: number): string => {
    const { location } = program.buffers[index]!;
    if (location.kind === 'arena') return `allocation ${location.allocation}`;
    const arena = location.kind === 'variable' ? program.variables[location.index]!.slice?.arena : undefined;
    return arena === undefined ? `${location.kind} ${location.index}` : `arena ${arena}`;
  };
  const written = new Set([...step.outputs, ...step.scratch].map(holderOf));
  step.inputs.forEach((index, position) => {
    if (!step.inPlace.includes(position) && written.has(holderOf(index)))
      throw fault(step, `reads ${program.buffers[index]!.label} in a buffer that it writes`);
  });
}

function overlaps(a: ProgramBuffer, b: ProgramBuffer): boolean {
  if (a.location.kind !== b.location.kind || a.bytes === 0 || b.bytes === 0) return false;
  if (a.location.kind === 'arena' && b.location.kind === 'arena') {
    if (a.location.allocation !== b.location.allocation) return false;
    return (
      a.location.byteOffset < b.location.byteOffset + b.bytes && b.location.byteOffset < a.location.byteOffset + a.bytes
    );
  }
  return a.location.kind !== 'arena' && b.location.kind !== 'arena' && a.location.index === b.location.index;
}

function fault(step: ProgramStep, what: string): InternalError {
  return new InternalError(`verify: step ${step.label} ${what}`);
}
