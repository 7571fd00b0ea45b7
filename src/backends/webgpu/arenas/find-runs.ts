/**
 * Which updates of a program can become one: the same chain of element-wise operations, on variables that lie one behind the
 * other in the same arenas, read and written at a place from which nothing moves them apart.
 */
import type { Program, ProgramBuffer, ProgramStep } from '../../../compiler/program.ts';
import { exactNumbers } from '../../../core/exact-numbers.ts';
import { sizeOf } from '../../../core/shape.ts';
import type { ChainAttributes } from '../../../ops/elementwise/elementwise.ts';
import { arenaOf } from './separate-reads.ts';

/** Where slices of an arena begin: at multiples of this, WebGPU's alignment of bindings. */
export const sliceAlignment = 256;

export const alignSlice = (bytes: number): number => Math.ceil(bytes / sliceAlignment) * sliceAlignment;

/** An element-wise step that writes only variables of arenas, each of another. */
interface Update {
  readonly position: number;
  readonly step: ProgramStep;
  /** Where its first output begins in its arena, and how many bytes each output has. */
  readonly byteOffset: number;
  readonly bytes: number;
  /** What it reads, then what it writes. */
  readonly operands: readonly ProgramBuffer[];
}

/** Updates that become one, in the order of their memory. */
export interface Run {
  readonly updates: readonly Update[];
  /** From the first to the end of the last. */
  readonly bytes: number;
  /** For each operand that is an array but no variable, the values that the updates read. */
  readonly values: readonly (readonly number[])[];
}

export function findRuns(program: Program): Run[] {
  const rivals = rivalValues(program);
  const taken = new Set<number>();
  const runs: Run[] = [];
  for (const group of groupsOf(program)) {
    let members: Update[] = [];
    const close = (): void => {
      if (members.length > 1 && canMove(program, members)) runs.push(runOf(members));
      members = [];
    };
    for (const update of group) {
      if (members.length > 0 && !continues(program, members, update, rivals)) close();
      const values = valuesOf(members[0] ?? update, update);
      if (values.some((value) => taken.has(value))) continue;
      for (const value of values) taken.add(value);
      members.push(update);
    }
    close();
  }
  return runs;
}

/** Updates by formula and arenas, each group in the order of its memory. */
function groupsOf(program: Program): Iterable<Update[]> {
  const groups = new Map<string, Update[]>();
  program.steps.forEach((step, position) => {
    if (!step.op.isChain || step.dispatches.length === 0) return;
    const outputs = step.outputs.map((index) => program.buffers[index]!);
    const arenas = outputs.map((output) => arenaOf(program, output));
    if (arenas.includes(undefined) || new Set(arenas).size < arenas.length) return;
    const operands = [...step.inputs.map((index) => program.buffers[index]!), ...outputs];
    const update = { position, step, byteOffset: offsetOf(program, outputs[0]!), bytes: outputs[0]!.bytes, operands };
    const key = JSON.stringify([step.inPlace, arenas, (step.attributes as ChainAttributes).chain], plain);
    const group = groups.get(key);
    if (group) group.push(update);
    else groups.set(key, [update]);
  });
  for (const group of groups.values()) group.sort((a, b) => a.byteOffset - b.byteOffset);
  return groups.values();
}

/** Makes JSON tell every two chains apart, with ops by name. */
function plain(key: string, value: unknown): unknown {
  return key === 'op' ? (value as { readonly name: string }).name : exactNumbers(key, value);
}

const offsetOf = (program: Program, { place }: ProgramBuffer): number =>
  place.kind === 'variable' ? program.variables[place.index]!.slice!.byteOffset : 0;

/** The values that `update` reads where `first` reads arrays that are no variables: those can be moved. */
function valuesOf(first: Update, update: Update): number[] {
  return update.operands
    .filter((_, index) => first.operands[index]!.bytes === first.bytes)
    .flatMap(({ place, value }) => (place.kind === 'arena' ? value : []));
}

/** Whether every operand of `next` is what a dispatch over `members` finds behind theirs. */
function continues(
  program: Program,
  members: readonly Update[],
  next: Update,
  rivals: ReadonlyMap<number, ReadonlySet<number>>,
): boolean {
  const [first, last] = [members[0]!, members.at(-1)!];
  const distance = alignSlice(last.bytes);
  return next.operands.every((operand, index) => {
    const [lead, before] = [first.operands[index]!, last.operands[index]!];
    if (operand.type.dtype !== lead.type.dtype) return false;
    if (lead.bytes !== first.bytes) return sizeOf(lead.type.shape) === 1 && isSame(operand, lead);
    if (operand.type.dtype !== 'float32' || operand.bytes !== next.bytes || operand.place.kind !== lead.place.kind)
      return false;
    if (operand.place.kind === 'arena') {
      const others = members.map(({ operands }) => operands[index]!.value);
      return !others.some((other) => other === operand.value || rivals.get(other)?.has(operand.value));
    }
    const arena = arenaOf(program, lead);
    if (arena === undefined || arenaOf(program, operand) !== arena) return false;
    return offsetOf(program, operand) - offsetOf(program, before) === distance;
  });
}

const isSame = (a: ProgramBuffer, b: ProgramBuffer): boolean =>
  a.value === b.value && a.bytes === b.bytes && a.place.kind === b.place.kind;

/** Values that no buffer may hold together, since a step writes one and reads the other. */
function rivalValues({ steps, buffers }: Program): Map<number, Set<number>> {
  const rivals = new Map<number, Set<number>>();
  const add = (a: number, b: number): void => void (rivals.get(a) ?? rivals.set(a, new Set()).get(a)!).add(b);
  for (const { inputs, outputs } of steps) {
    for (const output of outputs) {
      for (const input of inputs) {
        const [written, read] = [buffers[output]!.value, buffers[input]!.value];
        add(written, read);
        add(read, written);
      }
    }
  }
  return rivals;
}

/** Whether all of `members` can wait for the last of them. */
function canMove({ steps, buffers }: Program, members: readonly Update[]): boolean {
  const positions = new Set(members.map(({ position }) => position));
  const last = Math.max(...positions);
  const variables = (indices: readonly number[]): number[] =>
    indices.flatMap((index) => {
      const { place } = buffers[index]!;
      return place.kind === 'variable' ? place.index : [];
    });
  return members.every(({ position, step }) => {
    const writes = new Set(variables(step.outputs));
    const touches = new Set([...writes, ...variables(step.inputs)]);
    return steps
      .slice(position + 1, last)
      .every(
        (other, index) =>
          positions.has(position + 1 + index) ||
          (!variables(other.inputs).some((variable) => writes.has(variable)) &&
            !variables(other.outputs).some((variable) => touches.has(variable))),
      );
  });
}

function runOf(updates: readonly Update[]): Run {
  const [first, last] = [updates[0]!, updates.at(-1)!];
  const bytes = last.byteOffset + last.bytes - first.byteOffset;
  const values = updates.map((update) => valuesOf(first, update));
  return { updates, bytes, values: values[0]!.map((_, operand) => values.map((own) => own[operand]!)) };
}
