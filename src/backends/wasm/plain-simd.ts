/**
 * The binary for an engine that lacks relaxed SIMD: every relaxed multiply-add becomes a multiplication and an addition. The
 * package so holds one binary, not two that differ in these places. Between the inflated binary and the engine.
 *
 * The operands of a multiply-add lie on the stack in the order a, b, c; the sum has to wait in a local while a and b are
 * multiplied, and each function that needs one gets it.
 */
import { f32x4, flatten, get, set, types, unsigned } from './chains/encoding.ts';
import type { Code } from './chains/encoding.ts';

type Bytes = Uint8Array<ArrayBuffer>;

const sections = { types: 1, functions: 3, code: 10 } as const;
/** f32x4.relaxed_madd. The build makes sure that these bytes stand for nothing else. */
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

  /** Parameters of each type, and of each function. */
  let parameters: number[] = [];
  let functions: number[] = [];
  const out = [bytes.subarray(0, at)];
  while (at < bytes.length) {
    const start = at;
    const id = bytes[at++];
    const end = read() + at;
    if (id === sections.types) {
      parameters = list(() => {
        skip(1); // the mark of a function type
        const count = skip(read());
        skip(read()); // the results
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

/** Locals and instructions of a function. */
function plainBody(body: Bytes, parameters: number): Bytes[] {
  const places: number[] = [];
  for (let at = body.indexOf(multiplyAdd[0]); at >= 0; at = body.indexOf(multiplyAdd[0], at + 1)) {
    if (body[at + 1] === multiplyAdd[1] && body[at + 2] === multiplyAdd[2]) places.push(at);
  }
  if (places.length === 0) return [body];
  // Groups of locals of one type: their number, then the type. A function has fewer than 128 groups.
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
  for (const place of places) {
    pieces.push(body.subarray(at, place), replacement);
    at = place + multiplyAdd.length;
  }
  return [...pieces, body.subarray(at)];
}
