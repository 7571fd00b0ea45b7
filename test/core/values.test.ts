/** Values in every accepted form: preserved to the bit, or rejected. */
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DTypeError, GradletError, ShapeError } from '../../src/core/errors.ts';
import { readValues } from '../../src/core/values.ts';

/** An array whose class is from another realm. */
const foreign = (name: string, values: readonly unknown[]): never =>
  runInNewContext('(n, v) => new (globalThis[n])(v)')(name, values) as never;

/** Each array class, its dtype, and values at the limits of its range that the dtype can represent. */
const classes = [
  ['Float32Array', 'float32', [0.5, -3.4028234663852886e38]],
  ['Float64Array', 'float32', [0.5, -1e30]],
  ['Int8Array', 'int32', [-128, 127]],
  ['Int16Array', 'int32', [-32768, 32767]],
  ['Int32Array', 'int32', [-(2 ** 31), 2 ** 31 - 1]],
  ['Uint16Array', 'int32', [0, 65535]],
  ['Uint32Array', 'int32', [0, 2 ** 31 - 1]],
  ['Uint8Array', 'uint8', [0, 255]],
  ['Uint8ClampedArray', 'uint8', [0, 255]],
  ['BigInt64Array', 'int32', [-(2n ** 31n), 2n ** 31n - 1n]],
  ['BigUint64Array', 'int32', [0n, 2n ** 31n - 1n]],
] as const;

const here = (name: string, values: readonly unknown[]): never =>
  new (globalThis as unknown as Record<string, new (values: readonly unknown[]) => never>)[name]!(values);

describe('typed arrays', () => {
  it.each(classes)('%s becomes %s, its values kept, in this realm and another', (name, dtype, values) => {
    const expected = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array }[dtype].from(values.map(Number));
    for (const make of [here, foreign]) {
      expect(readValues('tensor', make(name, values))).toEqual({ data: expected, shape: [2] });
      // As rows, and mixed with rows of plain numbers.
      expect(readValues('tensor', [make(name, values), make(name, values)])).toMatchObject({ shape: [2, 2] });
      expect([...readValues('tensor', [[make(name, values)]]).data]).toEqual([...expected]);
    }
    const precise = readValues('tensor', here(name, values), 'float64');
    expect([...precise.data]).toEqual(values.map(Number));
  });

  it.each([
    ['Uint32Array', [1, 2 ** 31], 'int32', 'value 2147483648 at index 1 does not fit int32'],
    ['BigInt64Array', [-(2n ** 31n) - 1n], undefined, 'value -2147483649 at index 0 does not fit int32'],
    ['BigUint64Array', [2n ** 64n - 1n], undefined, 'value 18446744073709551615 at index 0 does not fit int32'],
    ['BigInt64Array', [2n ** 53n + 1n], 'float32', 'value 9007199254740993 at index 0 does not fit float32'],
    ['BigInt64Array', [2n ** 53n + 1n], 'float64', 'value 9007199254740993 at index 0 does not fit float64'],
    ['Float64Array', [1e39], undefined, 'value 1e+39 at index 0 does not fit float32: it would become infinite'],
    ['Float64Array', [0, -1.7e308], 'float32', 'value -1.7e+308 at index 1 does not fit float32'],
    ['Int32Array', [2 ** 24, 2 ** 24 + 1], 'float32', 'value 16777217 at index 1 does not fit float32: whole numbers'],
    ['Uint32Array', [4294967295], 'float32', 'value 4294967295 at index 0 does not fit float32'],
    ['Float32Array', [1.5], 'int32', 'value 1.5 at index 0 does not fit int32: use whole numbers in its range'],
    ['Float32Array', [NaN], 'int32', 'value NaN at index 0 does not fit int32'],
    ['Float32Array', [Infinity], 'uint8', 'value Infinity at index 0 does not fit uint8'],
    ['Int16Array', [-1], 'uint8', 'value -1 at index 0 does not fit uint8'],
    ['Int32Array', [256], 'uint8', 'value 256 at index 0 does not fit uint8'],
  ] as const)('%s %s as %s is refused', (name, values, dtype, message) => {
    expect(() => readValues('tensor', here(name, values), dtype as 'int32')).toThrow(DTypeError);
    expect(() => readValues('tensor', here(name, values), dtype as 'int32')).toThrow(`tensor: ${message}`);
  });

  it('rounds decimal numbers to float32, keeps NaN and infinity, and whole numbers that float32 has', () => {
    expect([...readValues('x', Float64Array.of(0.1, NaN, -Infinity, 1e-60)).data]).toEqual([Math.fround(0.1), NaN, -Infinity, 0]); // prettier-ignore
    expect([...readValues('x', Int32Array.of(2 ** 24, 2 ** 30), 'float32').data]).toEqual([2 ** 24, 2 ** 30]);
    expect([...readValues('x', [2 ** 24 + 1], 'float32').data]).toEqual([2 ** 24]);
  });

  it('keeps or refuses every number', () => {
    const arrays = fc.oneof(
      fc.int32Array(), fc.uint32Array(), fc.int16Array(), fc.uint16Array(), fc.int8Array(), fc.uint8Array(),
      fc.uint8ClampedArray(), fc.float32Array(), fc.float64Array(), fc.bigInt64Array(), fc.bigUint64Array(),
    ); // prettier-ignore
    const dtypes = fc.constantFrom(undefined, 'float32', 'int32', 'uint8', 'float64') as fc.Arbitrary<'int32'>;
    fc.assert(
      fc.property(arrays, dtypes, (given, dtype) => {
        const result = (() => {
          try {
            return readValues('x', given, dtype).data;
          } catch (error) {
            if (error instanceof DTypeError) return null;
            throw error;
          }
        })();
        if (result === null) return;
        const isFloat = given instanceof Float64Array || given instanceof Float32Array;
        expect(result).toHaveLength(given.length);
        result.forEach((value, index) => {
          const before = given[index]!;
          if (typeof before === 'bigint') expect(BigInt(value)).toBe(before);
          else if (isFloat && result instanceof Float32Array) expect(value).toBe(Math.fround(before));
          else expect(value === before || (Number.isNaN(value) && Number.isNaN(before))).toBe(true);
          expect(Number.isFinite(value)).toBe(typeof before === 'bigint' || Number.isFinite(before));
        });
      }),
      { numRuns: 500 },
    );
  });

  it('keeps an array of this realm, and the memory of a Buffer and of another realm', () => {
    const own = Int32Array.of(1, 2);
    expect(readValues('x', own).data).toBe(own);
    const buffer = Buffer.from([7, 8, 9]).subarray(1);
    const { data } = readValues('x', buffer);
    expect(Object.getPrototypeOf(data)).toBe(Uint8Array.prototype);
    buffer[0] = 5;
    expect([...data]).toEqual([5, 9]);
    expect(data.slice(0, 1).buffer).not.toBe(buffer.buffer);
  });

  it('reads Float16Array by its tag', () => {
    class Float16Array extends Uint16Array {
      override get [Symbol.toStringTag](): never {
        return 'Float16Array' as never;
      }
    }
    expect(readValues('x', new Float16Array([1, 2]))).toEqual({ data: Float32Array.of(1, 2), shape: [2] });
  });

  it('reads an ArrayBuffer as the dtype that is asked for, else as bytes', () => {
    const { buffer } = Float32Array.of(1.5, -2);
    expect(readValues('x', buffer, 'float32')).toEqual({ data: Float32Array.of(1.5, -2), shape: [2] });
    expect(readValues('x', Uint8Array.of(3, 4).buffer)).toEqual({ data: Uint8Array.of(3, 4), shape: [2] });
    expect([...readValues('x', foreign('SharedArrayBuffer', 8 as never), 'int32').data]).toEqual([0, 0]);
    expect(() => readValues('x', new ArrayBuffer(6), 'float32')).toThrow(
      'x: an ArrayBuffer of 6 bytes holds no float32 values of 4 bytes each',
    );
  });
});

describe('arrays in arrays', () => {
  it.each([
    ['numbers', [[1, 2], [3, 4]], 'Float32Array', [2, 2], [1, 2, 3, 4]], // prettier-ignore
    ['a number', 7, 'Float32Array', [], [7]],
    ['a boolean', true, 'Float32Array', [], [1]],
    ['booleans', [[true], [false]], 'Float32Array', [2, 1], [1, 0]],
    ['big integers', [1n, -2n], 'Int32Array', [2], [1, -2]],
    ['rows of bytes', [Uint8Array.of(1), Uint8Array.of(2)], 'Uint8Array', [2, 1], [1, 2]],
    ['rows of int32', [Int32Array.of(1), Int32Array.of(2)], 'Int32Array', [2, 1], [1, 2]],
    ['rows of two classes', [Int32Array.of(1), Float32Array.of(0.5)], 'Float32Array', [2, 1], [1, 0.5]],
    ['typed and plain rows', [[1, 2], Float32Array.of(3, 4)], 'Float32Array', [2, 2], [1, 2, 3, 4]],
    ['rows of 64 bits', [BigInt64Array.of(1n), [2n]], 'Int32Array', [2, 1], [1, 2]],
    ['deep rows', [[Float64Array.of(1)], [Float64Array.of(2)]], 'Float32Array', [2, 1, 1], [1, 2]],
    ['array-likes', { length: 2, 0: [1], 1: { length: 1, 0: 2 } }, 'Float32Array', [2, 1], [1, 2]],
    ['another realm', runInNewContext('[[1], new Float32Array([2])]'), 'Float32Array', [2, 1], [1, 2]],
    ['nothing', [], 'Float32Array', [0], []],
    ['empty rows', [[], []], 'Float32Array', [2, 0], []],
  ])('%s', (_, values, type, shape, expected) => {
    const { data, shape: given } = readValues('tensor', values);
    expect(data.constructor.name).toBe(type);
    expect(given).toEqual(shape);
    expect([...data]).toEqual(expected);
  });

  const hole = (length: number, values: Record<number, unknown>): unknown[] => Object.assign(new Array(length), values);

  it.each([
    ['a hole', hole(3, { 0: 1, 2: 3 }), DTypeError, 'values[1] is undefined, expected a number: a value is missing'],
    ['a hole among rows', hole(3, { 0: [1], 2: [2] }), DTypeError, 'values[1] is undefined, expected 1 elements'],
    ['a hole in a row', [[1, 2], hole(2, { 1: 4 })], DTypeError, 'values[1][0] is undefined, expected a number'],
    ['a deep hole', [[[1]], [hole(1, {})]], DTypeError, 'values[1][0][0] is undefined, expected a number'],
    ['holes alone', new Array(2), DTypeError, 'values[0] is undefined, expected a number'],
    ['a hole in front', hole(2, { 1: [1] }), DTypeError, 'values[0] is undefined, expected a number'],
    ['null', [1, null], DTypeError, 'values[1] is null, expected a number: a value is missing'],
    ['a row that is null', [[1], null], DTypeError, 'values[1] is null, expected 1 elements: a value is missing'],
    ['texts', ['1', '2'], DTypeError, "values[0] is '1', expected a number: convert the values to numbers"],
    ['a row of text', [[1], 'a'], DTypeError, "values[1] is 'a', expected 1 elements"],
    ['a boolean among numbers', [[0, 1], [2, true]], DTypeError, 'values[1][1] is true, expected a number'],
    ['a number among booleans', [true, 2], DTypeError, 'values[1] is 2, expected a boolean'],
    ['a big integer among numbers', [1, 2n], DTypeError, 'values[1] is 2n, expected a number'],
    ['rows of 64 bits among others', [[1], BigInt64Array.of(1n)], DTypeError, 'values[1] is a BigInt64Array of 1 elements'],
    ['an object', [{ x: 1 }], DTypeError, 'values[0] is an object with x, expected a number'],
    ['a function', [1, () => 1], DTypeError, 'values[1] is a function, expected a number'],
    ['a DataView', new DataView(new ArrayBuffer(4)), DTypeError, 'takes a typed array, arrays of numbers in arrays, or a number, not a DataView'],
    ['rows that are DataViews', [new DataView(new ArrayBuffer(4))], DTypeError, 'values[0] is a DataView, expected a number'],
    ['a promise', Promise.resolve([1]), DTypeError, 'not a promise: await it first'],
    ['nothing', undefined, DTypeError, 'not undefined'],
    ['short rows', [[1, 2], [3]], ShapeError, 'values[1] has 1 elements, expected 2 elements: all rows must be of one length'],
    ['a short typed row', [[1, 2], Float32Array.of(3)], ShapeError, 'values[1] has 1 elements, expected 2'],
    ['a typed row where rows are', [[[1], [2]], Float32Array.of(1, 2)], ShapeError, 'values[1] has 2 elements, expected 2'],
    ['a number where a row is', [[1], 2], ShapeError, 'values[1] is 2, expected 1 elements'],
    ['a row where a number is', [1, [2]], ShapeError, 'values[1] has 1 elements, expected a number'],
    ['too deep', [[[[[[[[[1]]]]]]]]], ShapeError, 'nested more than 8 deep'],
  ] as const)('refuses %s', (_, values, type, message) => {
    expect(() => readValues('tensor', values)).toThrow(type);
    expect(() => readValues('tensor', values)).toThrow(message);
  }); // prettier-ignore

  it('refuses an array within itself', () => {
    const endless: unknown[] = [];
    endless.push(endless);
    expect(() => readValues('tensor', endless)).toThrow('nested more than 8 deep');
  });

  it('keeps whole numbers of integer rows, whatever the rows beside them are', () => {
    expect(() => readValues('tensor', [Int32Array.of(16777217), [0.5]])).toThrow(
      'value 16777217 at index 0 does not fit',
    );
    expect(() => readValues('tensor', [[0.5], Uint32Array.of(16777217)])).toThrow('value 16777217 at index 1');
    expect(() => readValues('tensor', [1e39])).toThrow('value 1e+39 at index 0 does not fit float32: it would become');
  });

  it('names the dtypes there are', () => {
    for (const dtype of ['int64', 'float64x', 'float', 'bool', 'toString', '', null, 7]) {
      expect(() => readValues('tensor', [1], dtype as never)).toThrow(DTypeError);
      expect(() => readValues('tensor', [1], dtype as never)).toThrow('the dtypes are float32, int32, uint8');
    }
  });

  it('throws nothing but its own errors', () => {
    fc.assert(
      fc.property(fc.anything({ withTypedArray: true, withBigInt: true, withSparseArray: true, maxDepth: 4 }), (values) => {
        try {
          readValues('tensor', values);
        } catch (error) {
          expect(error).toBeInstanceOf(GradletError);
        }
      }),
      { numRuns: 1000 },
    ); // prettier-ignore
  });
});
