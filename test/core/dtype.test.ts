import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { bytesOf, copied, dtypeOf, knownDType } from '../../src/core/dtype.ts';
import { DTypeError } from '../../src/core/errors.ts';

/** Evaluates an expression in another realm, whose arrays are not instances of this realm's classes. */
const foreign = (code: string): never => runInNewContext(code) as never;

describe('dtypeOf', () => {
  it.each([
    ['float32', new Float32Array(1), 'new Float32Array(1)'],
    ['int32', new Int32Array(1), 'new Int32Array(1)'],
    ['uint8', new Uint8Array(1), 'new Uint8Array(1)'],
    ['uint8', new Uint8ClampedArray(1), 'new Uint8ClampedArray(1)'],
    ['uint8', Buffer.from([1]), 'new (class extends Uint8Array {})(1)'],
  ] as const)('%s, of this realm and another', (dtype, here, there) => {
    expect(dtypeOf(here as never)).toBe(dtype);
    expect(dtypeOf(foreign(there))).toBe(dtype);
  });

  it.each([
    'new Float64Array(1)',
    'new Int8Array(1)',
    'new Uint16Array(1)',
    'new Uint32Array(1)',
    'new BigInt64Array(1)',
    'new DataView(new ArrayBuffer(4))',
    'new ArrayBuffer(4)',
    '[1]',
    '"uint8"',
    'null',
    'undefined',
    '({ [Symbol.toStringTag]: "Float32Array" })',
  ])('refuses %s', (code) => {
    expect(knownDType(foreign(`(${code})`))).toBeUndefined();
    expect(() => dtypeOf(foreign(`(${code})`), 'write')).toThrow(DTypeError);
    expect(() => dtypeOf(foreign(`(${code})`), 'write')).toThrow(
      /^write: takes a Float32Array, Int32Array or Uint8Array, not /,
    );
  });
});

describe('bytesOf', () => {
  it('gives the bytes of a view from where it begins to where it ends, without a copy', () => {
    const memory = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    for (const view of [
      memory.subarray(4, 12),
      new DataView(memory.buffer, 4, 8),
      new Int32Array(memory.buffer, 4, 2),
      Buffer.from(memory.buffer, 4, 8),
    ]) {
      expect([...bytesOf(view)!]).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
      expect(bytesOf(view)!.buffer).toBe(memory.buffer);
    }
  });
});

describe('copied', () => {
  it.each([Buffer.from([1, 2]), Uint8Array.of(1, 2), Int32Array.of(1, 2), Float32Array.of(1, 2)])(
    'has memory of its own: %s',
    (values) => {
      const copy = copied(values);
      values[0] = 9;
      expect([...copy]).toEqual([1, 2]);
      expect(knownDType(copy)).toBe(knownDType(values));
    },
  );
});
