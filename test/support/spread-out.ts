/**
 * Places every value of a program's arena in a separate allocation. Values neither overlap nor touch, so that guard words fit
 * between them.
 */
import type { MemoryLocation, Program, ProgramBuffer } from '../../src/compiler/program.ts';

export function spreadOut(program: Program): Program {
  const sizes: number[] = [];
  const locations = new Map<string, MemoryLocation>();
  const locationOf = ({ location, value, bytes }: ProgramBuffer, index: number): MemoryLocation => {
    if (location.kind !== 'arena') return location;
    const key = value < 0 ? `scratch ${index}` : `value ${value}`; // scratch memory is not a value
    let own = locations.get(key);
    if (own === undefined) {
      own = { kind: 'arena', allocation: sizes.push(bytes) - 1, byteOffset: 0 };
      locations.set(key, own);
    }
    return own;
  };
  const buffers = program.buffers.map((buffer, index) => ({ ...buffer, location: locationOf(buffer, index) }));
  return { ...program, buffers, allocations: sizes };
}
