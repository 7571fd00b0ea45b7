/**
 * Buffers that several variables share: one for all parameters of a model and one for each kind of optimizer slot, all
 * in the same order, so that one dispatch can update all parameters.
 */
import { bytesOf } from '../../../compiler/program.ts';
import type { Program } from '../../../compiler/program.ts';
import type { DeviceTraits } from '../../../graph/kernel.ts';
import type { TensorType } from '../../../graph/op.ts';
import type { Arena, BackendBuffer, VariableRequest } from '../../backend.ts';
import { alignSlice } from './find-runs.ts';
import { mergeUpdates } from './merge-updates.ts';
import { separateReads } from './separate-reads.ts';

/** The maximum binding size that every device supports. */
const maxBytes = 128 * 1024 * 1024;

/**
 * Allocates memory for `requests` and returns it in their order. Requests of one group share buffers; a single request
 * gets its own.
 */
export function allocateArenas<Buffer extends BackendBuffer>(
  requests: readonly VariableRequest[],
  allocate: (type: TensorType, label: string) => Buffer,
): Buffer[] {
  const buffers = new Map<VariableRequest, Buffer>();
  for (const [group, members] of groupsOf(requests)) {
    for (const part of partsOf(members)) allocatePart(group, part, allocate, buffers);
  }
  return requests.map((request) => buffers.get(request) ?? allocate(request.type, request.label));
}

/**
 * Collects float32 requests by group. Matrices come before vectors: if weight decay excludes the biases, variables that
 * are updated by the same formula are still adjacent.
 */
function groupsOf(requests: readonly VariableRequest[]): Map<string, VariableRequest[]> {
  const groups = new Map<string, VariableRequest[]>();
  for (const request of requests) {
    const { group = '', type } = request;
    if (group === '' || type.dtype !== 'float32') continue;
    const members = groups.get(group);
    if (members) members.push(request);
    else groups.set(group, [request]);
  }
  for (const members of groups.values()) members.sort((a, b) => b.type.shape.length - a.type.shape.length);
  return groups;
}

/** Splits the members of a group so that each part fits into one buffer. */
function partsOf(members: readonly VariableRequest[]): VariableRequest[][] {
  const parts: VariableRequest[][] = [[]];
  let bytes = 0;
  for (const member of members) {
    const own = alignSlice(bytesOf(member.type));
    if (bytes + own > maxBytes) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)!.push(member);
    bytes += own;
  }
  return parts.filter(({ length }) => length > 1);
}

function allocatePart<Buffer extends BackendBuffer>(
  group: string,
  members: readonly VariableRequest[],
  allocate: (type: TensorType, label: string) => Buffer,
  buffers: Map<VariableRequest, Buffer>,
): void {
  const offsets: number[] = [];
  let end = 0;
  for (const { type } of members) {
    offsets.push(alignSlice(end));
    end = alignSlice(end) + bytesOf(type);
  }
  const whole = allocate({ shape: [end / 4], dtype: 'float32' }, `shared ${group}`);
  const arena: Arena = { parts: members.length };
  members.forEach((member, index) => {
    buffers.set(member, { ...whole, type: member.type, byteOffset: offsets[index]!, arena });
  });
}

/**
 * Adapts a program to variables that share buffers: merges updates with the same formula, and makes sure that no step
 * reads a buffer that it writes.
 */
export function arrange(program: Program, variables: readonly BackendBuffer[], device: DeviceTraits): Program {
  const arenas = variables.map(({ arena }) => arena);
  if (arenas.every((arena) => arena === undefined)) return program;
  const placed = program.variables.map((variable, index) => {
    const { arena, byteOffset = 0 } = variables[index]!;
    return arena ? { ...variable, slice: { arena: arenas.indexOf(arena), byteOffset } } : variable;
  });
  return mergeUpdates(separateReads({ ...program, variables: placed }, device), device);
}
