/** Memory plans: values with overlapping lifetimes never share a byte. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packOffsets, packSlots } from '../../src/compiler/passes/8-plan-memory.ts';
import type { Interval } from '../../src/compiler/passes/8-plan-memory.ts';

const intervals = fc.array(
  fc
    .record({ bytes: fc.integer({ min: 0, max: 5000 }), first: fc.nat(30), length: fc.nat(12) })
    .map(({ bytes, first, length }): Interval => ({ bytes, first, last: first + length })),
  { maxLength: 40 },
);

function conflicts(list: readonly Interval[], pack: typeof packOffsets): string[] {
  const { packed, allocations } = pack(list);
  const found: string[] = [];
  list.forEach((a, i) => {
    const at = packed[i]!;
    if (at.kind !== 'arena') throw new Error('not in the arena');
    if (at.byteOffset + a.bytes > allocations[at.allocation]!) found.push(`${i} ends outside`);
    list.slice(0, i).forEach((b, j) => {
      const other = packed[j]!;
      if (other.kind !== 'arena') throw new Error('not in the arena');
      const together = a.first <= b.last && b.first <= a.last;
      const touches = at.byteOffset < other.byteOffset + b.bytes && other.byteOffset < at.byteOffset + a.bytes;
      if (together && at.allocation === other.allocation && touches) found.push(`${i} and ${j}`);
    });
  });
  return found;
}

describe('memory plans', () => {
  it.each([
    ['one arena', packOffsets],
    ['slots', packSlots],
  ])('%s: live values never overlap', (_, pack) => {
    fc.assert(
      fc.property(intervals, (list) => {
        expect(conflicts(list, pack)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('slots hold one live value each, so that a GPU buffer is never read and written at once', () => {
    fc.assert(
      fc.property(intervals, (list) => {
        const { packed } = packSlots(list);
        list.forEach((a, i) =>
          list.slice(0, i).forEach((b, j) => {
            const [at, other] = [packed[i]!, packed[j]!];
            if (at.kind !== 'arena' || other.kind !== 'arena') throw new Error('not in the arena');
            const together = a.first <= b.last && b.first <= a.last;
            expect(together && at.allocation === other.allocation).toBe(false);
          }),
        );
      }),
    );
  });

  it('values that follow each other share their bytes', () => {
    const chain = Array.from({ length: 10 }, (_, step) => ({ bytes: 1024, first: step, last: step + 1 }));
    expect(packOffsets(chain).allocations).toEqual([2048]);
    expect(packSlots(chain).allocations).toEqual([1024, 1024]);
  });
});
