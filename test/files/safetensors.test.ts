/** The file format: round trips, and FormatErrors for invalid files. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/core/errors.ts';
import { HostTensor, tensor } from '../../src/data/tensor.ts';
import { parseJson } from '../../src/core/json.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/files/safetensors.ts';
import { thrown } from '../support/models.ts';

const tensors = new Map([
  ['bytes', tensor(Uint8Array.of(1, 2, 3), [3])],
  [
    'weights',
    tensor([
      [1.5, -2],
      [0, 4],
    ]),
  ],
  ['scalar', new HostTensor(Int32Array.of(-7), [])],
  ['nothing', new HostTensor(new Float32Array(0), [0, 5])],
  ['__proto__', tensor([1])],
]);
const metadata = new Map([
  ['format', 'test'],
  ['__proto__', 'a name like any other'],
]);

/** A file with this header and this many bytes of values. */
function fileOf(header: string | Uint8Array, bytes = 0): Uint8Array {
  const encoded = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const file = new Uint8Array(8 + encoded.length + bytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(encoded.length), true);
  file.set(encoded, 8);
  return file;
}

const entry = (shape: string, offsets: string, dtype = 'F32'): string =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;
const refusal = (header: string | Uint8Array, bytes = 0): string =>
  thrown(() => decodeSafetensors(fileOf(header, bytes)));

describe('safetensors', () => {
  it('gives back what was written', () => {
    const file = encodeSafetensors(tensors, metadata);
    const read = decodeSafetensors(file);
    expect(Object.fromEntries(read.metadata)).toEqual(Object.fromEntries(metadata));
    expect(read.metadata.get('__proto__')).toBe('a name like any other');
    expect([...read.tensors.keys()].sort()).toEqual([...tensors.keys()].sort());
    for (const [name, { data, shape }] of tensors) {
      expect(read.tensors.get(name)).toEqual(new HostTensor(data, shape));
    }
    expect((new DataView(file.buffer).getUint32(0, true) + 8) % 8).toBe(0);
  });

  it('reads from the middle of a buffer and from shared memory, and copies', () => {
    const file = encodeSafetensors(tensors);
    const shared = new Uint8Array(new SharedArrayBuffer(file.length + 3)).subarray(3);
    shared.set(file);
    const read = decodeSafetensors(shared);
    shared.fill(0);
    expect([...read.tensors.get('weights')!.data]).toEqual([1.5, -2, 0, 4]);
  });

  it('takes a header padded with spaces, and no tensors at all', () => {
    expect(decodeSafetensors(fileOf('{}     ')).tensors.size).toBe(0);
  });

  it.each([
    ['is too short', () => thrown(() => decodeSafetensors(new Uint8Array(7)))],
    ['is cut off', () => thrown(() => decodeSafetensors(encodeSafetensors(tensors).slice(0, 40)))],
    ['has a header of 2^63 bytes', () => thrown(() => decodeSafetensors(new Uint8Array(8).fill(0x80)))],
    ['has a header that is no UTF-8', () => refusal(Uint8Array.of(0x7b, 0xff, 0x7d))],
    ['has a header that is no JSON', () => refusal('{"a":}')],
    ['has a header that is no object', () => refusal('[]')],
    ['has a name twice', () => refusal(`{"a":${entry('[]', '[0,4]')},"a":${entry('[]', '[0,4]')}}`, 4)],
    ['has metadata that are no texts', () => refusal('{"__metadata__":{"a":1}}')],
    ['has metadata that are no object', () => refusal('{"__metadata__":[]}')],
    ['has a tensor that is no object', () => refusal('{"a":1}')],
    ['has a field that is not known', () => refusal('{"a":{"code":"alert(1)"}}')],
    ['has a dtype that is not known', () => refusal(`{"a":${entry('[]', '[0,8]', 'F64')}}`, 8)],
    ['has a dimension below 0', () => refusal(`{"a":${entry('[-1]', '[0,4]')}}`, 4)],
    ['has a dimension that is no integer', () => refusal(`{"a":${entry('[0.5]', '[0,4]')}}`, 4)],
    ['has too many axes', () => refusal(`{"a":${entry('[1,1,1,1,1,1,1,1,1]', '[0,4]')}}`, 4)],
    ['has a product that overflows', () => refusal(`{"a":${entry('[9007199254740991,9007199254740991,0]', '[0,0]')}}`)],
    ['has offsets that do not fit the shape', () => refusal(`{"a":${entry('[2]', '[0,4]')}}`, 4)],
    ['has offsets in the wrong order', () => refusal(`{"a":${entry('[1]', '[4,0]')}}`, 4)],
    ['has one offset', () => refusal(`{"a":${entry('[1]', '[4]')}}`, 4)],
    ['has tensors that overlap', () => refusal(`{"a":${entry('[2]', '[0,8]')},"b":${entry('[2]', '[4,12]')}}`, 12)],
    ['has a gap', () => refusal(`{"a":${entry('[1]', '[0,4]')},"b":${entry('[1]', '[8,12]')}}`, 12)],
    ['has bytes left over', () => refusal(`{"a":${entry('[1]', '[0,4]')}}`, 5)],
    ['ends before its tensors', () => refusal(`{"a":${entry('[1]', '[0,4]')}}`, 3)],
    ['is nested without end', () => refusal(`{"a":${'['.repeat(1e5)}`)],
    ['has an endless name', () => refusal(`{"${'a'.repeat(2000)}":${entry('[]', '[0,4]')}}`, 4)],
  ])('refuses a file that %s', (name, refuse) => {
    expect({ [name]: refuse() }).toMatchSnapshot();
    expect(refuse()).toMatch(/^FormatError: /);
  });

  it('throws nothing but FormatError, whatever bytes it is given', () => {
    const valid = encodeSafetensors(tensors, metadata);
    const tolerate = (file: Uint8Array): void => {
      try {
        decodeSafetensors(file);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    };
    const change = fc.tuple(fc.nat(valid.length - 1), fc.nat(255));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => tolerate(bytes)));
    fc.assert(fc.property(fc.string(), fc.nat(20), (header, bytes) => tolerate(fileOf(header, bytes))));
    fc.assert(fc.property(fc.json(), fc.nat(20), (header, bytes) => tolerate(fileOf(header, bytes))));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(valid.length), (changes, length) => {
        const file = valid.slice();
        for (const [place, value] of changes) file[place] = value;
        tolerate(file);
        tolerate(file.slice(0, length));
      }),
      { numRuns: 500 },
    );
  });
});

describe('parseJson', () => {
  const plain = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(plain);
    if (!(value instanceof Map)) return value;
    return [...value].map(([key, inner]) => [key, plain(inner)]);
  };
  const entries = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(entries);
    if (typeof value !== 'object' || value === null) return value;
    return Object.entries(value).map(([key, inner]) => [key, entries(inner)]);
  };

  it('reads what JSON.parse reads', () => {
    // an object would reorder integer keys, a map does not
    const key = fc.string().map((text) => `k${text}`);
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        fc.string(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.constant(null),
        tie('list'),
        tie('object'),
      ),
      list: fc.array(tie('value'), { maxLength: 4 }),
      object: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
    }));
    fc.assert(
      fc.property(value, fc.nat(2), (json, indent) => {
        const text = JSON.stringify(json, null, indent);
        expect(plain(parseJson('test', text))).toEqual(entries(JSON.parse(text)));
      }),
    );
  });

  it('refuses what JSON.parse refuses', () => {
    const refuses = (parse: () => unknown): boolean => {
      try {
        parse();
        return false;
      } catch {
        return true;
      }
    };
    const fragment = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '"a"',
      '\\u12',
      '01',
      '-',
      '1e',
      '1.',
      '.5',
      'tru',
      'null',
      ' ',
      '\t',
      '\u00a0',
    );
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 6 }), (fragments) => {
        const text = fragments.join('');
        expect(refuses(() => parseJson('test', text))).toBe(refuses(() => JSON.parse(text)));
      }),
      { numRuns: 1000 },
    );
  });
});
