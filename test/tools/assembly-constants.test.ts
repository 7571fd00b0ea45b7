/** The numbers that the wasm modules and src both know, as the build writes them. */
import { expect, it } from 'vitest';
import { emitConstants } from '../../tools/lib/assembly-constants.ts';

const emit = (text: string): string => emitConstants('// header\n', 'assembly/constants.ts', text);

it('writes constants with their values, and enums as lists in the order of their numbers', () => {
  const text = `// Not a doc comment.

/** Jobs of the ring. */
export const RING_JOBS: u32 = 256;
export const JOB_BYTES: usize = 32;
// Another.
export const ROOM: u32 = RING_JOBS / 2 - 1;
export const ALL_BYTES: usize = (1 + RING_JOBS) * JOB_BYTES;
export const END: u32 = 0xffffffff;
export const SECOND: i64 = 1_000_000;
/** The cells. */
export enum RecurrentCell {
  simple,
  /** Long. */
  lstm,
}
`;
  expect(emit(text)).toBe(`// header

/** Jobs of the ring. */
export const ringJobs = 256;
export const jobBytes = 32;
export const room = 127;
export const allBytes = 8224;
export const end = 4294967295;
export const second = 1000000;
/** The cells. */
export const recurrentCells = ['simple', 'lstm'] as const;
`);
});

it.each([
  ['a fraction', 'export const A: f64 = 0.5;', "cannot compute '0.5': use integers, constants above, + - * and /"],
  ['an unknown name', 'export const A: u32 = B * 2;', "cannot compute 'B'"],
  ['a call', 'export const A: u32 = max(1, 2);', "cannot compute 'max(1, 2)'"],
  ['a shift', 'export const A: u32 = 1 << 2;', "cannot compute '1 << 2'"],
  ['a variable', 'export let a: u32 = 1;', "expected 'export const NAME: u32 = …;' or 'export enum Name { … }'"],
  ['what is not exported', 'const A: u32 = 1;', "expected 'export const NAME"],
  ['two at once', 'export const A: u32 = 1, B: u32 = 2;', "expected 'export const NAME"],
  ['a function', 'export function a(): void {}', "expected 'export const NAME"],
  ['an enum with values', 'export enum A { b = 2 }', 'a member of an enum has no value: its number is its place'],
])('names file and line of %s', (_, text, message) => {
  expect(() => emit(`// one\n${text}\n`)).toThrow(`assembly/constants.ts:2: ${message}`);
});
