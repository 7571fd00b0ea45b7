/**
 * A program with every value of its arena in an allocation of its own: no two share bytes, none touches another. What
 * lies between them can then be watched.
 */
import type { Place, Program, ProgramBuffer } from '../../src/compiler/program.ts';

export function spreadOut(program: Program): Program {
  const sizes: number[] = [];
  const places = new Map<string, Place>();
  const placeOf = ({ place, value, bytes }: ProgramBuffer, index: number): Place => {
    if (place.kind !== 'arena') return place;
    const key = value < 0 ? `scratch ${index}` : `value ${value}`; // scratch memory is no value
    let own = places.get(key);
    if (own === undefined) {
      own = { kind: 'arena', allocation: sizes.push(bytes) - 1, byteOffset: 0 };
      places.set(key, own);
    }
    return own;
  };
  const buffers = program.buffers.map((buffer, index) => ({ ...buffer, place: placeOf(buffer, index) }));
  return { ...program, buffers, allocations: sizes };
}
