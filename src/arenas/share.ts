/**
 * One buffer for all parameters of a model on WebGPU, and one for each kind of an optimizer's slots, all in the same order, so
 * that the updates of all parameters can be one dispatch. On WebAssembly, where a call costs 12 ns, each variable keeps memory of
 * its own. `src/variables/store.ts` passes this to the engine with a model's variables.
 */
import type { Arena, Backend, BackendBuffer } from '../backends/backend.ts';
import { verified } from '../compiler/compile.ts';
import { bytesOf } from '../compiler/program.ts';
import type { Program } from '../compiler/program.ts';
import type { ShareMemory } from '../engine.ts';
import type { DeviceTraits } from '../graph/kernel.ts';
import type { Variable } from '../graph/node.ts';
import { alignSlice } from './find-runs.ts';
import { mergeUpdates } from './merge-updates.ts';
import { separateReads } from './separate-reads.ts';

/** What every device binds as one buffer. */
const mostBytes = 128 * 1024 * 1024;

export const shareArenas: ShareMemory = (backend, variables) => {
  const buffers = new Map<Variable, BackendBuffer>();
  if (backend.name !== 'webgpu') return buffers;
  // What is too large by itself is found before anything is there.
  backend.check?.({ variables: variables.map(({ variable: { name }, ...type }) => ({ name, type })) });
  for (const [kind, members] of groupsOf(variables)) {
    let part: Variable[] = [];
    let bytes = 0;
    for (const variable of members) {
      const own = alignSlice(bytesOf(variable));
      if (bytes + own > mostBytes) {
        allocate(backend, kind, part, buffers);
        [part, bytes] = [[], 0];
      }
      part.push(variable);
      bytes += own;
    }
    allocate(backend, kind, part, buffers);
  }
  return buffers;
};

/**
 * Parameters, and slots of each kind. Matrices come before vectors: where weight decay leaves out the biases, those that are
 * updated alike still lie together.
 */
function groupsOf(variables: readonly Variable[]): Map<string, Variable[]> {
  const groups = new Map<string, Variable[]>();
  for (const variable of variables) {
    const { role, slot } = variable.variable;
    const kind = slot ?? (role === 'parameter' ? 'parameters' : '');
    if (kind === '' || variable.dtype !== 'float32') continue;
    const group = groups.get(kind);
    if (group) group.push(variable);
    else groups.set(kind, [variable]);
  }
  for (const group of groups.values()) group.sort((a, b) => b.shape.length - a.shape.length);
  return groups;
}

/** One buffer for `variables`; one of them alone needs none. */
function allocate(
  backend: Backend,
  label: string,
  variables: readonly Variable[],
  buffers: Map<Variable, BackendBuffer>,
): void {
  if (variables.length < 2) return;
  const offsets: number[] = [];
  let end = 0;
  for (const variable of variables) {
    offsets.push(alignSlice(end));
    end = alignSlice(end) + bytesOf(variable);
  }
  const whole = backend.allocate({ shape: [end / 4], dtype: 'float32' }, `shared ${label}`);
  const arena: Arena = { parts: variables.length, arrange };
  variables.forEach(({ shape, dtype }, index) => {
    buffers.set(variables[index]!, { ...whole, type: { shape, dtype }, byteOffset: offsets[index]!, arena });
  });
}

/** Updates by one formula become one, and no step reads what it writes elsewhere. */
function arrange(program: Program, variables: readonly BackendBuffer[], device: DeviceTraits): Program {
  const arenas = variables.map(({ arena }) => arena);
  const placed = program.variables.map((variable, index) => {
    const { arena, byteOffset = 0 } = variables[index]!;
    return arena ? { ...variable, slice: { arena: arenas.indexOf(arena), byteOffset } } : variable;
  });
  return verified(mergeUpdates(separateReads({ ...program, variables: placed }, device), device));
}
