/**
 * Reads and writes the safetensors format: 8 bytes with the length of the JSON header, the header with dtype, shape and byte
 * offsets of each tensor, then the tensor bytes without gaps. Files are untrusted: everything is checked before use.
 */
import { checkArguments, checkCount, required } from '../core/arguments.ts';
import type { ArgumentType } from '../core/arguments.ts';
import { bytesOf, bytesPerElement, copied, isShared, viewAs } from '../core/dtype.ts';
import type { DType } from '../core/dtype.ts';
import { describe } from '../core/describe.ts';
import { FormatError } from '../core/errors.ts';
import { maxRank, sizeOf } from '../core/shape.ts';
import { HostTensor } from '../data/tensor.ts';
import { parseJson } from '../core/json.ts';
import type { Json, JsonObject } from '../core/json.ts';

/** Contents of a safetensors file: tensors by name, and metadata strings by name. */
export interface TensorFile {
  readonly tensors: ReadonlyMap<string, HostTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

const formatNames: Readonly<Record<DType, string>> = { float32: 'F32', int32: 'I32', uint8: 'U8' };
const dtypes: ReadonlyMap<string, DType> = /* @__PURE__ */ new Map([
  ['F32', 'float32'],
  ['I32', 'int32'],
  ['U8', 'uint8'],
]);

const prefixBytes = 8;
const maxHeaderBytes = 10_000_000;
const maxTensors = 100_000;
const maxNameCharacters = 1024;

/** Argument type: a Map, of this realm or another, from strings to values that `accepts` allows. */
function mapOf(values: string, accepts: (value: unknown) => boolean): ArgumentType {
  const isMap = (value: unknown): value is ReadonlyMap<unknown, unknown> =>
    Object.prototype.toString.call(value) === '[object Map]';
  return {
    expected: `a Map of ${values} by name`,
    accepts: (value) => isMap(value) && [...value].every(([name, each]) => typeof name === 'string' && accepts(each)),
  };
}

/**
 * Encodes tensors as a safetensors file. They are stored in the order of the map, but 4-byte dtypes come first. A tensor with
 * scale and offset is stored as float32 with both applied.
 *
 * @returns the bytes of the file
 * @throws FormatError for names that are too long or reserved, or a header that is too long; ValueError for invalid arguments
 * @example
 * const bytes = encodeSafetensors(new Map([['x', tensor([[1, 2]])]]), new Map([['author', 'me']]));
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, HostTensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array<ArrayBuffer> {
  const isTensor = (value: unknown): boolean => value instanceof HostTensor;
  checkArguments('encodeSafetensors', arguments, {
    tensors: required(mapOf('tensors', isTensor)),
    metadata: mapOf('texts', (value) => typeof value === 'string'),
  });
  const scaled = [...tensors].map(([name, values]) => [name, values.applyScale(`safetensors: '${name}'`)] as const);
  const ordered = scaled.sort(([, a], [, b]) => bytesPerElement[b.dtype] - bytesPerElement[a.dtype]);
  let end = 0;
  const entries = ordered.map(([name, { dtype, shape, data }]): [string, unknown] => {
    checkName(name);
    const begin = end;
    end += data.byteLength;
    return [name, { dtype: formatNames[dtype], shape, data_offsets: [begin, end] }];
  });
  if (metadata.size > 0) entries.unshift(['__metadata__', Object.fromEntries(metadata)]);
  const fields = entries.map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`);
  let header = new TextEncoder().encode(`{${fields.join(',')}}`);
  // Trailing spaces align the values to 8 bytes, so that a reader can create views of them.
  const padded = new Uint8Array(Math.ceil(header.length / 8) * 8).fill(0x20);
  padded.set(header);
  header = padded;
  if (header.length > maxHeaderBytes) {
    throw new FormatError(
      `safetensors: the header would have ${header.length} bytes: at most ${maxHeaderBytes} are read`,
    );
  }
  const file = new Uint8Array(prefixBytes + header.length + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, prefixBytes);
  let at = prefixBytes + header.length;
  for (const [, { data }] of ordered) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

/**
 * Decodes a safetensors file. The result is a copy.
 *
 * @param given the bytes: an ArrayBuffer or any view of one, such as the result of Node's `readFile`
 * @throws FormatError for a file that does not follow the format exactly, or a dtype other than F32, I32 and U8
 * @example
 * const { tensors, metadata } = decodeSafetensors(await (await fetch('weights.safetensors')).arrayBuffer());
 */
export function decodeSafetensors(given: ArrayBufferLike | ArrayBufferView): TensorFile {
  checkCount('decodeSafetensors', arguments, 'file');
  const bytes = bytesOf(given);
  if (bytes === undefined) {
    throw new FormatError(
      `safetensors: takes the bytes of a file, not ${describe(given)}: give a Uint8Array or an ArrayBuffer, ` +
        'such as await (await fetch(url)).arrayBuffer()',
    );
  }
  // Another thread could change shared memory between check and use.
  const file = isShared(bytes.buffer) ? (copied(bytes) as Uint8Array) : bytes;
  const header = readHeader(file);
  const values = file.subarray(prefixBytes + header.bytes);
  const metadata = readMetadata(header.json.get('__metadata__'));
  const names = [...header.json.keys()].filter((name) => name !== '__metadata__');
  if (names.length > maxTensors)
    throw new FormatError(`safetensors: ${names.length} tensors: at most ${maxTensors} are read`);
  const entries = names.map((name) => readEntry(name, header.json.get(name)!));
  checkContiguous(entries, values.length);
  const tensors = new Map<string, HostTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    tensors.set(name, new HostTensor(viewAs(dtype, values.slice(begin, end).buffer as ArrayBuffer), shape));
  }
  return { tensors, metadata };
}

function readHeader(file: Uint8Array): { readonly json: JsonObject; readonly bytes: number } {
  if (file.length < prefixBytes)
    throw new FormatError(`safetensors: the file has ${file.length} bytes, expected at least 8`);
  const length = new DataView(file.buffer, file.byteOffset).getBigUint64(0, true);
  const rest = file.length - prefixBytes;
  if (length > BigInt(rest)) {
    throw new FormatError(
      `safetensors: the header should have ${length} bytes, but only ${rest} follow: is the file cut off?`,
    );
  }
  if (length > BigInt(maxHeaderBytes)) {
    throw new FormatError(`safetensors: the header has ${length} bytes: at most ${maxHeaderBytes} are read`);
  }
  const bytes = Number(length);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      file.subarray(prefixBytes, prefixBytes + bytes),
    );
  } catch (error) {
    throw new FormatError('safetensors: the header is not UTF-8 text', { cause: error });
  }
  const json = parseJson('safetensors', text);
  if (!(json instanceof Map)) throw new FormatError('safetensors: the header is not a JSON object');
  return { json, bytes };
}

function readMetadata(json: Json | undefined): Map<string, string> {
  const metadata = new Map<string, string>();
  if (json === undefined) return metadata;
  if (!(json instanceof Map)) throw new FormatError('safetensors: __metadata__ is not an object');
  for (const [key, value] of json) {
    if (typeof value !== 'string') throw new FormatError(`safetensors: __metadata__ ${describe(key)} is not a string`);
    metadata.set(key, value);
  }
  return metadata;
}

interface Entry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function readEntry(name: string, json: Json): Entry {
  checkName(name);
  const where = `safetensors: tensor ${describe(name)}`;
  if (!(json instanceof Map)) throw new FormatError(`${where} is not an object`);
  const unknown = [...json.keys()].find((key) => !['dtype', 'shape', 'data_offsets'].includes(key));
  if (unknown !== undefined) throw new FormatError(`${where} has an unknown field ${describe(unknown)}`);
  const given = json.get('dtype');
  const dtype = typeof given === 'string' ? dtypes.get(given) : undefined;
  if (dtype === undefined) {
    throw new FormatError(`${where} has dtype ${describe(given)}, expected ${[...dtypes.keys()].join(', ')}`);
  }
  const shape = nonNegativeIntegers(json.get('shape'));
  if (!shape || shape.length > maxRank) {
    throw new FormatError(`${where}: the shape must be a list of at most ${maxRank} whole numbers ≥ 0`);
  }
  const offsets = nonNegativeIntegers(json.get('data_offsets'));
  if (offsets?.length !== 2) throw new FormatError(`${where}: data_offsets must be two whole numbers ≥ 0`);
  const [begin, end] = offsets as [number, number];
  const bytes = sizeOf(shape) * bytesPerElement[dtype];
  // A dimension of 0 must not hide an overflow of the others.
  const nonZeroBytes = sizeOf(shape.filter((dimension) => dimension > 0)) * bytesPerElement[dtype];
  if (!Number.isSafeInteger(nonZeroBytes)) throw new FormatError(`${where}: the shape has too many elements`);
  if (end - begin !== bytes) {
    throw new FormatError(
      `${where}: shape and dtype take ${bytes} bytes, but the offsets ${begin} to ${end} hold ${end - begin}`,
    );
  }
  return { name, dtype, shape, begin, end };
}

function nonNegativeIntegers(json: Json | undefined): readonly number[] | undefined {
  if (!Array.isArray(json)) return undefined;
  const list = json as readonly Json[];
  const isWhole = (value: Json): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  return list.every(isWhole) ? list.map((value) => value + 0) : undefined; // −0 becomes 0
}

/** Throws `FormatError` unless the tensors cover all value bytes, without gaps and without overlap. */
function checkContiguous(entries: readonly Entry[], length: number): void {
  let end = 0;
  for (const entry of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (entry.begin !== end) {
      const fault = entry.begin < end ? 'overlaps the one before' : 'leaves a gap before it';
      throw new FormatError(
        `safetensors: tensor ${describe(entry.name)} at byte ${entry.begin} ${fault}, which ends at ${end}`,
      );
    }
    end = entry.end;
  }
  if (end !== length)
    throw new FormatError(`safetensors: the tensors end at byte ${end}, but the file has ${length} bytes of values`);
}

function checkName(name: string): void {
  if (name.length <= maxNameCharacters && name !== '__metadata__') return;
  throw new FormatError(
    `safetensors: ${describe(name)} is not a valid tensor name: at most ${maxNameCharacters} characters`,
  );
}
