/**
 * Sixth pass: gives every value its place. Variables and constants stay where they are; every other value lives in the
 * arena from the step that makes it to the last that reads it, and values that are never alive together share bytes.
 * On WebGPU an allocation is a GPU buffer of its own, because one buffer cannot be read and written in one dispatch.
 */
import { isConstant, isVariable } from '../../graph/node.ts';
import type { Node, Variable } from '../../graph/node.ts';
import type { TensorType } from '../../graph/op.ts';
import { bytesOf } from '../program.ts';
import type { Place, ProgramBuffer, ProgramConstant, Target } from '../program.ts';
import { base } from './step.ts';
import type { ScheduledStep } from './step.ts';

/** Every value starts at a multiple of this, so that vector loads of neighbours never share a cache line. */
export const alignment = 64;

export interface MemoryPlan {
  readonly buffers: readonly ProgramBuffer[];
  readonly variables: readonly Variable[];
  readonly constants: readonly ProgramConstant[];
  readonly allocations: readonly number[];
  /** Buffer index of each value; views of one value in other shapes have buffers of their own at the same place. */
  readonly indexOf: ReadonlyMap<Node, number>;
  /** Buffer indices of each step's scratch memory. */
  readonly scratch: readonly (readonly number[])[];
}

/** A run of bytes that is needed from step `first` to step `last`, both included. */
export interface Interval {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

export function planMemory(
  target: Target,
  steps: readonly ScheduledStep[],
  scratchBytes: readonly (readonly number[])[],
  outputs: readonly Node[],
): MemoryPlan {
  const variables: Variable[] = [];
  const constants: ProgramConstant[] = [];
  const places = new Map<Node, Place>();
  const settle = (node: Node): void => {
    if (places.has(node)) return;
    if (isVariable(node)) {
      places.set(node, { kind: 'variable', index: variables.push(node) - 1 });
    } else if (isConstant(node)) {
      const constant = { type: { shape: node.shape, dtype: node.dtype }, value: node.value };
      places.set(node, { kind: 'constant', index: constants.push(constant) - 1 });
    }
  };

  // Lifetimes of what the arena holds.
  const first = new Map<Node, number>();
  const last = new Map<Node, number>();
  steps.forEach((step, position) => {
    for (const input of step.inputs.map(base)) {
      settle(input);
      last.set(input, position);
    }
    step.outputs.forEach((output, index) => {
      const variable = step.targets[index]!;
      if (variable !== null) {
        settle(variable);
        places.set(output, places.get(variable)!);
      } else if (!places.has(output) && !first.has(output)) first.set(output, position);
      last.set(output, Math.max(position, last.get(output) ?? 0));
    });
  });
  for (const output of outputs.map(base)) {
    settle(output);
    last.set(output, steps.length); // read after the run: nothing may take its place
  }

  const arena = [...first.keys()].filter((node) => !places.has(node));
  const scratchOwners = scratchBytes.flatMap((list, position) =>
    list.map((bytes) => ({ bytes, first: position, last: position })),
  );
  const intervals = [
    ...arena.map((node) => ({ bytes: bytesOf(node), first: first.get(node)!, last: last.get(node)! })),
    ...scratchOwners,
  ];
  const { allocations, placed } = target === 'webgpu' ? packSlots(intervals) : packOffsets(intervals);
  arena.forEach((node, index) => places.set(node, placed[index]!));

  const buffers: ProgramBuffer[] = [];
  const indexOf = new Map<Node, number>();
  const values = new Map<Node, number>();
  const register = (node: Node): void => {
    if (indexOf.has(node)) return;
    const owner = base(node);
    const place = places.get(owner)!;
    if (!values.has(owner)) values.set(owner, values.size);
    const value = values.get(owner)!;
    const type = { shape: node.shape, dtype: node.dtype };
    const name = isVariable(node) ? node.variable.name : node.op.name;
    const label = node.scope === '' || isVariable(node) ? name : `${node.scope}/${name}`;
    indexOf.set(node, buffers.push({ type, bytes: bytesOf(node), place, value, label }) - 1);
  };
  for (const step of steps) [...step.inputs, ...step.outputs].forEach(register);
  outputs.forEach(register);

  let next = arena.length;
  const scratch = scratchBytes.map((list) =>
    list.map((bytes) => {
      const type: TensorType = { shape: [bytes], dtype: 'uint8' };
      return buffers.push({ type, bytes, place: placed[next++]!, value: -1, label: 'scratch' }) - 1;
    }),
  );
  return { buffers, variables, constants, allocations, indexOf, scratch };
}

interface Packing {
  readonly allocations: number[];
  readonly placed: Place[];
}

const align = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;
const overlap = (a: Interval, b: Interval): boolean => a.first <= b.last && b.first <= a.last;

/** One arena: the largest value first, each at the lowest offset where no value alive with it lies. */
export function packOffsets(intervals: readonly Interval[]): Packing {
  const placed = new Array<Place>(intervals.length);
  const settled: { interval: Interval; offset: number; end: number }[] = [];
  let total = 0;
  for (const index of bySize(intervals)) {
    const interval = intervals[index]!;
    const neighbours = settled.filter((other) => overlap(other.interval, interval)).sort((a, b) => a.offset - b.offset);
    let offset = 0;
    for (const neighbour of neighbours) {
      if (neighbour.offset - offset >= align(interval.bytes)) break;
      offset = Math.max(offset, neighbour.end);
    }
    const end = offset + align(interval.bytes);
    settled.push({ interval, offset, end });
    total = Math.max(total, end);
    placed[index] = { kind: 'arena', allocation: 0, byteOffset: offset };
  }
  return { allocations: [total], placed };
}

/** Slots: the largest value first, each into the first slot that is free for its whole life. */
export function packSlots(intervals: readonly Interval[]): Packing {
  const placed = new Array<Place>(intervals.length);
  const slots: { bytes: number; holds: Interval[] }[] = [];
  for (const index of bySize(intervals)) {
    const interval = intervals[index]!;
    let slot = slots.findIndex(({ holds }) => holds.every((other) => !overlap(other, interval)));
    if (slot < 0) slot = slots.push({ bytes: Math.max(16, align(interval.bytes)), holds: [] }) - 1;
    slots[slot]!.holds.push(interval);
    placed[index] = { kind: 'arena', allocation: slot, byteOffset: 0 };
  }
  return { allocations: slots.map(({ bytes }) => bytes), placed };
}

/** Indices of the intervals, largest first; equal sizes in the order of the program, so that plans are repeatable. */
function bySize(intervals: readonly Interval[]): number[] {
  return intervals.map((_, index) => index).sort((a, b) => intervals[b]!.bytes - intervals[a]!.bytes || a - b);
}
