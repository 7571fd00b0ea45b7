/**
 * Rewrites a binary for engines without relaxed SIMD: every relaxed multiply-add becomes a multiplication and an
 * addition. The package therefore contains one binary instead of two that differ only in these instructions. Runs after
 * inflating and before compiling.
 *
 * The operands of a multiply-add are on the stack in the order a, b, c. The addend c is stored in a local while a and b
 * are multiplied. Each function that needs such a local gets one.
 */
import { f32x4, flatten, get, set, types, unsigned } from './chains/encoding.ts';
import type { Code } from './chains/encoding.ts';

type Bytes = Uint8Array<ArrayBuffer>;

const sections = { types: 1, functions: 3, code: 10 } as const;
/** f32x4.relaxed_madd. The build checks that this byte sequence has no other meaning in the binary. */
const multiplyAdd = [0xfd, 0x85, 0x02] as const;

export function plainSimd(bytes: Bytes): Bytes {
  let at = 8;
  const read = (): number => {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const list = <T>(item: () => T): T[] => Array.from({ length: read() }, item);
  const skip = (count: number): number => {
    at += count;
    return count;
  };

  /** Parameter counts of each type, and of each function. */
  let parameters: number[] = [];
  let functions: number[] = [];
  const out = [bytes.subarray(0, at)];
  while (at < bytes.length) {
    const start = at;
    const id = bytes[at++];
    const end = read() + at;
    if (id === sections.types) {
      parameters = list(() => {
        skip(1); // the function type tag
        const count = skip(read());
        skip(read()); // result types
        return count;
      });
    } else if (id === sections.functions) {
      functions = list(() => parameters[read()]!);
    }
    if (id === sections.code) {
      let index = 0;
      const bodies = list(() => {
        const length = skip(read());
        return sizedBytes(plainBody(bytes.subarray(at - length, at), functions[index++]!));
      });
      out.push(Uint8Array.of(id), sizedBytes([encoded(unsigned(bodies.length)), ...bodies]));
    } else out.push(bytes.subarray(start, end));
    at = end;
  }
  return join(out);
}

const encoded = (code: Code): Bytes => Uint8Array.from(flatten(code));

function join(pieces: readonly Bytes[]): Bytes {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function sizedBytes(pieces: readonly Bytes[]): Bytes {
  const bytes = join(pieces);
  return join([encoded(unsigned(bytes.length)), bytes]);
}

/** The locals and instructions of a function. */
function plainBody(body: Bytes, parameters: number): Bytes[] {
  const positions: number[] = [];
  for (let at = body.indexOf(multiplyAdd[0]); at >= 0; at = body.indexOf(multiplyAdd[0], at + 1)) {
    if (body[at + 1] === multiplyAdd[1] && body[at + 2] === multiplyAdd[2]) positions.push(at);
  }
  if (positions.length === 0) return [body];
  // Groups of locals of one type: the count, then the type. A function has fewer than 128 groups.
  const groups = body[0]!;
  let [at, local] = [1, parameters];
  for (let group = 0; group < groups; group++) {
    for (let shift = 0, more = true; more; shift += 7) {
      local += (body[at]! & 0x7f) << shift;
      more = body[at++]! >= 0x80;
    }
    at++;
  }
  const pieces = [encoded(unsigned(groups + 1)), body.subarray(1, at), Uint8Array.of(1, types.v128)];
  const replacement = encoded([set(local, []), f32x4.mul([], []), f32x4.add([], get(local))]);
  for (const position of positions) {
    pieces.push(body.subarray(at, position), replacement);
    at = position + multiplyAdd.length;
  }
  return [...pieces, body.subarray(at)];
}
