/**
 * Eighth pass: assigns memory to every value. Variables and constants have their own memory. Every other value is in
 * the arena from the step that computes it to the last step that reads it, and values that are never live at the same
 * time share bytes. On WebGPU each allocation is a separate GPU buffer, because one buffer cannot be read and written
 * in one dispatch.
 */
import { isConstant, isVariable } from '../../graph/node.ts';
import type { Node, Variable } from '../../graph/node.ts';
import type { TensorType } from '../../graph/op.ts';
import { bytesOf } from '../program.ts';
import type { MemoryLocation, ProgramBuffer, ProgramConstant, Target } from '../program.ts';
import { base } from './step.ts';
import type { ScheduledStep } from './step.ts';

/** Alignment of values in bytes: values never share a cache line. */
export const alignment = 64;

export interface MemoryPlan {
  readonly buffers: readonly ProgramBuffer[];
  readonly variables: readonly Variable[];
  readonly constants: readonly ProgramConstant[];
  readonly allocations: readonly number[];
  /** Buffer index of each value. Views of one value with other shapes are separate buffers at the same location. */
  readonly indexOf: ReadonlyMap<Node, number>;
  /** Buffer indices of each step's scratch memory. */
  readonly scratch: readonly (readonly number[])[];
}

/** A block of bytes that is live from step `first` to step `last`, inclusive. */
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
  const locations = new Map<Node, MemoryLocation>();
  const locate = (node: Node): void => {
    if (locations.has(node)) return;
    if (isVariable(node)) {
      locations.set(node, { kind: 'variable', index: variables.push(node) - 1 });
    } else if (isConstant(node)) {
      const constant = { type: { shape: node.shape, dtype: node.dtype }, value: node.value };
      locations.set(node, { kind: 'constant', index: constants.push(constant) - 1 });
    }
  };

  // Lifetimes of arena values.
  const first = new Map<Node, number>();
  const last = new Map<Node, number>();
  steps.forEach((step, position) => {
    for (const input of step.inputs.map(base)) {
      locate(input);
      last.set(input, position);
    }
    step.outputs.forEach((output, index) => {
      const variable = step.targets[index]!;
      if (variable !== null) {
        locate(variable);
        locations.set(output, locations.get(variable)!);
      } else if (!locations.has(output) && !first.has(output)) first.set(output, position);
      last.set(output, Math.max(position, last.get(output) ?? 0));
    });
  });
  for (const output of outputs.map(base)) {
    locate(output);
    last.set(output, steps.length); // read after the run: must not be overwritten
  }

  const arena = [...first.keys()].filter((node) => !locations.has(node));
  const scratchOwners = scratchBytes.flatMap((list, position) =>
    list.map((bytes) => ({ bytes, first: position, last: position })),
  );
  const intervals = [
    ...arena.map((node) => ({ bytes: bytesOf(node), first: first.get(node)!, last: last.get(node)! })),
    ...scratchOwners,
  ];
  const { allocations, packed } = target === 'webgpu' ? packSlots(intervals) : packOffsets(intervals);
  arena.forEach((node, index) => locations.set(node, packed[index]!));

  const buffers: ProgramBuffer[] = [];
  const indexOf = new Map<Node, number>();
  const values = new Map<Node, number>();
  const register = (node: Node): void => {
    if (indexOf.has(node)) return;
    const owner = base(node);
    const location = locations.get(owner)!;
    if (!values.has(owner)) values.set(owner, values.size);
    const value = values.get(owner)!;
    const type = { shape: node.shape, dtype: node.dtype };
    const name = isVariable(node) ? node.variable.name : node.op.name;
    const label = node.scope === '' || isVariable(node) ? name : `${node.scope}/${name}`;
    indexOf.set(node, buffers.push({ type, bytes: bytesOf(node), location, value, label }) - 1);
  };
  for (const step of steps) [...step.inputs, ...step.outputs].forEach(register);
  outputs.forEach(register);

  let next = arena.length;
  const scratch = scratchBytes.map((list) =>
    list.map((bytes) => {
      const type: TensorType = { shape: [bytes], dtype: 'uint8' };
      return buffers.push({ type, bytes, location: packed[next++]!, value: -1, label: 'scratch' }) - 1;
    }),
  );
  return { buffers, variables, constants, allocations, indexOf, scratch };
}

interface Packing {
  readonly allocations: number[];
  readonly packed: MemoryLocation[];
}

const align = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;
const overlap = (a: Interval, b: Interval): boolean => a.first <= b.last && b.first <= a.last;

/** Packs values into one allocation: largest value first, each at the lowest offset that is free for its lifetime. */
export function packOffsets(intervals: readonly Interval[]): Packing {
  const packed = new Array<MemoryLocation>(intervals.length);
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
    packed[index] = { kind: 'arena', allocation: 0, byteOffset: offset };
  }
  return { allocations: [total], packed };
}

/** Packs values into slots: largest value first, each in the first slot that is free for its lifetime. */
export function packSlots(intervals: readonly Interval[]): Packing {
  const packed = new Array<MemoryLocation>(intervals.length);
  const slots: { bytes: number; holds: Interval[] }[] = [];
  for (const index of bySize(intervals)) {
    const interval = intervals[index]!;
    let slot = slots.findIndex(({ holds }) => holds.every((other) => !overlap(other, interval)));
    if (slot < 0) slot = slots.push({ bytes: Math.max(16, align(interval.bytes)), holds: [] }) - 1;
    slots[slot]!.holds.push(interval);
    packed[index] = { kind: 'arena', allocation: slot, byteOffset: 0 };
  }
  return { allocations: slots.map(({ bytes }) => bytes), packed };
}

/** Indices of the intervals, largest first. Equal sizes keep program order, so that plans are deterministic. */
function bySize(intervals: readonly Interval[]): number[] {
  return intervals.map((_, index) => index).sort((a, b) => intervals[b]!.bytes - intervals[a]!.bytes || a - b);
}
