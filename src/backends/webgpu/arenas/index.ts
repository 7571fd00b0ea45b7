/**
 * Buffers that several variables share: one for all parameters of a model and one for each kind of optimizer slot, all in the
 * same order, so that the updates of all parameters can be one dispatch.
 */
import { bytesOf } from '../../../compiler/program.ts';
import type { Program } from '../../../compiler/program.ts';
import type { DeviceTraits } from '../../../graph/kernel.ts';
import type { TensorType } from '../../../graph/op.ts';
import type { Arena, BackendBuffer, VariableRequest } from '../../backend.ts';
import { alignSlice } from './find-runs.ts';
import { mergeUpdates } from './merge-updates.ts';
import { separateReads } from './separate-reads.ts';

/** The largest buffer that every device can bind. */
const mostBytes = 128 * 1024 * 1024;

/** Memory for `requests`, in their order. Those of one group share buffers, unless they are alone. */
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
 * Float32 requests by group. Matrices come before vectors: where weight decay excludes the biases, variables that are updated
 * by the same formula are still adjacent.
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

/** The members of a group, split so that each part fits into one buffer. */
function partsOf(members: readonly VariableRequest[]): VariableRequest[][] {
  const parts: VariableRequest[][] = [[]];
  let bytes = 0;
  for (const member of members) {
    const own = alignSlice(bytesOf(member.type));
    if (bytes + own > mostBytes) {
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

/** The program for variables of which some share buffers: updates by one formula are merged, and no step reads a buffer that it writes. */
export function arrange(program: Program, variables: readonly BackendBuffer[], device: DeviceTraits): Program {
  const arenas = variables.map(({ arena }) => arena);
  if (arenas.every((arena) => arena === undefined)) return program;
  const placed = program.variables.map((variable, index) => {
    const { arena, byteOffset = 0 } = variables[index]!;
    return arena ? { ...variable, slice: { arena: arenas.indexOf(arena), byteOffset } } : variable;
  });
  return mergeUpdates(separateReads({ ...program, variables: placed }, device), device);
}
