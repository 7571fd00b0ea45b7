/**
 * The binary for an engine that lacks relaxed SIMD: every relaxed multiply-add becomes a multiplication and an addition. The
 * package so holds one binary, not two that differ in these places. Between the deflated binary and the engine.
 *
 * The operands of a multiply-add lie on the stack in the order a, b, c; the sum has to wait in a local while a and b are
 * multiplied, and each function that needs one gets it.
 */
import { f32x4, get, section, set, sized, types, unsigned, vector } from './chain-encoding.ts';
import type { Code } from './chain-encoding.ts';

const sections = { types: 1, functions: 3, code: 10 } as const;
/** f32x4.relaxed_madd. The build makes sure that these bytes stand for nothing else. */
const multiplyAdd = [0xfd, 0x85, 0x02];

export function plainSimd(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
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
  const out = [...bytes.subarray(0, at)];
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
    } else if (id === sections.code) {
      let index = 0;
      const bodies = list(() => {
        const length = read();
        skip(length);
        return sized(plainBody([...bytes.subarray(at - length, at)], functions[index++]!));
      });
      out.push(...section(id, vector(bodies)));
    }
    if (id !== sections.code) out.push(...bytes.subarray(start, end));
    at = end;
  }
  return Uint8Array.from(out);
}

/** Locals and instructions of a function. */
function plainBody(body: Code, parameters: number): Code {
  const isMultiplyAdd = (at: number): boolean => multiplyAdd.every((byte, index) => body[at + index] === byte);
  if (!body.some((_, at) => isMultiplyAdd(at))) return body;
  // Groups of locals of one type: their number, then the type. A function has fewer than 128 groups.
  let [at, sum] = [1, parameters];
  for (let groups = body[0]!; groups > 0; groups--) {
    for (let shift = 0, more = true; more; shift += 7) {
      sum += (body[at]! & 0x7f) << shift;
      more = body[at++]! >= 0x80;
    }
    at++;
  }
  const replacement = [...set(sum, []), ...f32x4.mul([], []), ...f32x4.add([], get(sum))];
  const out = [...unsigned(body[0]! + 1), ...body.slice(1, at), 1, types.v128];
  while (at < body.length) {
    if (isMultiplyAdd(at)) {
      out.push(...replacement);
      at += multiplyAdd.length;
    } else out.push(body[at++]!);
  }
  return out;
}
