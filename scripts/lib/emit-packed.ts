/**
 * Packs both wasm binaries into one short text. Base64 of a raw binary hides its repetitions from the gzip of a web server,
 * and the two binaries differ in few places: interleaved, so that equal code is never further apart than the 32 KiB window
 * of deflate, then deflated, they take less room than half of their plain base64.
 */
import { deflateRawSync } from 'node:zlib';

export interface Binary {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly memoryFlags: number;
}

const chunk = 8192;

function interleave(binaries: readonly Binary[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  const longest = Math.max(...binaries.map(({ bytes }) => bytes.length));
  for (let start = 0; start < longest; start += chunk) {
    for (const { bytes } of binaries) pieces.push(bytes.subarray(start, start + chunk));
  }
  return Buffer.concat(pieces);
}

/** The text of the generated module, which also holds what undoes the packing. */
export function emitPacked(header: string, binaries: readonly Binary[]): string {
  const packed = deflateRawSync(interleave(binaries), { level: 9 }).toString('base64');
  const parts = binaries.map(
    ({ name, bytes, memoryFlags }) => `  { name: '${name}', size: ${bytes.length}, memoryFlags: ${memoryFlags} },\n`,
  );
  return `${header}
/** The binaries, interleaved by ${chunk} bytes and deflated, as base64. */
const packed: string =
  '${packed}';

export interface WasmBinary {
  readonly name: ${binaries.map(({ name }) => `'${name}'`).join(' | ')};
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where the imported memory's flags stand in the binary: 1 as compiled; write 3 there to import a shared memory. */
  readonly memoryFlags: number;
}

const parts: readonly { name: WasmBinary['name']; size: number; memoryFlags: number }[] = [
${parts.join('')}];

export async function unpackWasm(): Promise<WasmBinary[]> {
  const deflated = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  const mixed = new Uint8Array(await new Response(stream).arrayBuffer());
  const binaries = parts.map(({ name, size, memoryFlags }) => ({ name, memoryFlags, bytes: new Uint8Array(size) }));
  for (let start = 0, from = 0; from < mixed.length; start += ${chunk}) {
    for (const { bytes } of binaries) {
      const length = Math.max(0, Math.min(${chunk}, bytes.length - start));
      if (length > 0) bytes.set(mixed.subarray(from, from + length), start); // the shorter binary may have ended
      from += length;
    }
  }
  return binaries;
}
`;
}
