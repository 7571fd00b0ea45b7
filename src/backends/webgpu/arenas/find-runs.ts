/**
 * Finds updates that can be merged into one dispatch: the same chain of element-wise operations, on variables that are
 * adjacent in the same arenas, with no other step in between that reads or writes them.
 */
import type { Program, ProgramBuffer, ProgramStep } from '../../../compiler/program.ts';
import { exactNumbers } from '../../../core/exact-numbers.ts';
import { sizeOf } from '../../../core/shape.ts';
import type { ChainAttributes } from '../../../ops/elementwise/elementwise.ts';
import { arenaOf } from './separate-reads.ts';

/** Alignment of slices in an arena: WebGPU's binding alignment. */
export const sliceAlignment = 256;

export const alignSlice = (bytes: number): number => Math.ceil(bytes / sliceAlignment) * sliceAlignment;

/** An element-wise step that writes only arena variables, each in a different arena. */
interface ArenaUpdate {
  readonly position: number;
  readonly step: ProgramStep;
  /** Byte offset of its first output in its arena, and the size of each output. */
  readonly byteOffset: number;
  readonly bytes: number;
  /** Inputs, then outputs. */
  readonly operands: readonly ProgramBuffer[];
}

/** Updates that are merged into one, in memory order. */
export interface UpdateRun {
  readonly updates: readonly ArenaUpdate[];
  /** Bytes from the start of the first to the end of the last. */
  readonly bytes: number;
  /** For each operand that is an array but not a variable, the values that the updates read. */
  readonly values: readonly (readonly number[])[];
}

export function findRuns(program: Program): UpdateRun[] {
  const conflicts = conflictingValues(program);
  const used = new Set<number>();
  const runs: UpdateRun[] = [];
  for (const group of groupsOf(program)) {
    let members: ArenaUpdate[] = [];
    const close = (): void => {
      if (members.length > 1 && canMove(program, members)) runs.push(runOf(members));
      members = [];
    };
    for (const update of group) {
      if (members.length > 0 && !continues(program, members, update, conflicts)) close();
      const values = valuesOf(members[0] ?? update, update);
      if (values.some((value) => used.has(value))) continue;
      for (const value of values) used.add(value);
      members.push(update);
    }
    close();
  }
  return runs;
}

/** Groups updates by formula and arenas, each group in memory order. */
function groupsOf(program: Program): Iterable<ArenaUpdate[]> {
  const groups = new Map<string, ArenaUpdate[]>();
  program.steps.forEach((step, position) => {
    if (!step.op.isChain || step.dispatches.length === 0) return;
    const outputs = step.outputs.map((index) => program.buffers[index]!);
    const arenas = outputs.map((output) => arenaOf(program, output));
    if (arenas.includes(undefined) || new Set(arenas).size < arenas.length) return;
    const operands = [...step.inputs.map((index) => program.buffers[index]!), ...outputs];
    const update = { position, step, byteOffset: offsetOf(program, outputs[0]!), bytes: outputs[0]!.bytes, operands };
    const key = JSON.stringify([step.inPlace, arenas, (step.attributes as ChainAttributes).chain], chainReplacer);
    const group = groups.get(key);
    if (group) group.push(update);
    else groups.set(key, [update]);
  });
  for (const group of groups.values()) group.sort((a, b) => a.byteOffset - b.byteOffset);
  return groups.values();
}

/** JSON replacer that gives different chains different text; ops are written by name. */
function chainReplacer(key: string, value: unknown): unknown {
  return key === 'op' ? (value as { readonly name: string }).name : exactNumbers(key, value);
}

const offsetOf = (program: Program, { location }: ProgramBuffer): number =>
  location.kind === 'variable' ? program.variables[location.index]!.slice!.byteOffset : 0;

/**
 * The values that `update` reads at operands for which `first` reads arrays that are not variables. These can be moved.
 */
function valuesOf(first: ArenaUpdate, update: ArenaUpdate): number[] {
  return update.operands
    .filter((_, index) => first.operands[index]!.bytes === first.bytes)
    .flatMap(({ location, value }) => (location.kind === 'arena' ? value : []));
}

/** Whether every operand of `next` lies where one dispatch over `members` would read or write next. */
function continues(
  program: Program,
  members: readonly ArenaUpdate[],
  next: ArenaUpdate,
  conflicts: ReadonlyMap<number, ReadonlySet<number>>,
): boolean {
  const [first, last] = [members[0]!, members.at(-1)!];
  const distance = alignSlice(last.bytes);
  return next.operands.every((operand, index) => {
    const [lead, before] = [first.operands[index]!, last.operands[index]!];
    if (operand.type.dtype !== lead.type.dtype) return false;
    if (lead.bytes !== first.bytes) return sizeOf(lead.type.shape) === 1 && isSame(operand, lead);
    if (
      operand.type.dtype !== 'float32' ||
      operand.bytes !== next.bytes ||
      operand.location.kind !== lead.location.kind
    )
      return false;
    if (operand.location.kind === 'arena') {
      const others = members.map(({ operands }) => operands[index]!.value);
      return !others.some((other) => other === operand.value || conflicts.get(other)?.has(operand.value));
    }
    const arena = arenaOf(program, lead);
    if (arena === undefined || arenaOf(program, operand) !== arena) return false;
    return offsetOf(program, operand) - offsetOf(program, before) === distance;
  });
}

const isSame = (a: ProgramBuffer, b: ProgramBuffer): boolean =>
  a.value === b.value && a.bytes === b.bytes && a.location.kind === b.location.kind;

/** For each value, the values that must not share a buffer with it: a step writes one and reads the other. */
function conflictingValues({ steps, buffers }: Program): Map<number, Set<number>> {
  const conflicts = new Map<number, Set<number>>();
  const add = (a: number, b: number): void => void (conflicts.get(a) ?? conflicts.set(a, new Set()).get(a)!).add(b);
  for (const { inputs, outputs } of steps) {
    for (const output of outputs) {
      for (const input of inputs) {
        const [written, read] = [buffers[output]!.value, buffers[input]!.value];
        add(written, read);
        add(read, written);
      }
    }
  }
  return conflicts;
}

/** Whether all `members` can be delayed until the last of them. */
function canMove({ steps, buffers }: Program, members: readonly ArenaUpdate[]): boolean {
  const positions = new Set(members.map(({ position }) => position));
  const last = Math.max(...positions);
  const variables = (indices: readonly number[]): number[] =>
    indices.flatMap((index) => {
      const { location } = buffers[index]!;
      return location.kind === 'variable' ? location.index : [];
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

function runOf(updates: readonly ArenaUpdate[]): UpdateRun {
  const [first, last] = [updates[0]!, updates.at(-1)!];
  const bytes = last.byteOffset + last.bytes - first.byteOffset;
  const values = updates.map((update) => valuesOf(first, update));
  return { updates, bytes, values: values[0]!.map((_, operand) => values.map((list) => list[operand]!)) };
}
