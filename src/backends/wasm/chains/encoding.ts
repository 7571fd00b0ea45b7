/**
 * Encodes WebAssembly for compiled chains: integers, sections, and the few instructions that they use. Code is a tree
 * of bytes, so that pieces are combined without copying. An instruction is a function from its operands' code to code.
 */
export type Code = readonly (number | Code)[];

/**
 * The bytes of a code tree, in order. Uses `Array.flat`: our own walk, not yet optimized by the engine, took a third of
 * the time to prepare chains.
 */
export const flatten = (code: Code): number[] => (code as unknown[]).flat(Infinity) as number[];

/** LEB128 of a number from 0 to 2³² − 1. */
export function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, unsigned(value >>> 7)];
}

/** LEB128 of a number from −2³¹ to 2³¹ − 1. */
export function signed(value: number): Code {
  return value >= -64 && value < 64 ? [value & 0x7f] : [(value & 0x7f) | 0x80, signed(value >> 7)];
}

export const vector = (items: readonly Code[]): Code => [unsigned(items.length), items];
/** Code preceded by its length in bytes. */
export function sized(code: Code): Code {
  const bytes = flatten(code);
  return [unsigned(bytes.length), bytes];
}
export const section = (id: number, code: Code): Code => [id, sized(code)];
export const text = (name: string): Code => sized([...new TextEncoder().encode(name)]);

export const types = { i32: 0x7f, f64: 0x7c, v128: 0x7b, function: 0x60 } as const;

const empty = 0x40;
const end = 0x0b;

export const get = (local: number): Code => [0x20, unsigned(local)];
export const set = (local: number, value: Code): Code => [value, 0x21, unsigned(local)];
export const getGlobal = (index: number): Code => [0x23, unsigned(index)];
export const call = (index: number, ...operands: readonly Code[]): Code => [operands, 0x10, unsigned(index)];
export const branchIf = (depth: number, condition: Code): Code => [condition, 0x0d, unsigned(depth)];
export const block = (...body: Code[]): Code => [0x02, empty, body, end];
export const when = (condition: Code, ...body: Code[]): Code => [condition, 0x04, empty, body, end];
/** Runs `body`, and repeats it while `condition` holds afterwards. */
export const repeatWhile = (condition: Code, ...body: Code[]): Code => [
  ...[0x03, empty],
  body,
  branchIf(0, condition),
  end,
];

type Unary = (x: Code) => Code;
type Binary = (x: Code, y: Code) => Code;
type Ternary = (x: Code, y: Code, z: Code) => Code;
/** A load or store at a constant offset from an address. */
export type Load = (offset: number, address: Code) => Code;
export type Store = (offset: number, address: Code, value: Code) => Code;

const simd = (opcode: number): Code => [0xfd, unsigned(opcode)];
const unary =
  (opcode: Code): Unary =>
  (x) => [x, opcode];
const binary =
  (opcode: Code): Binary =>
  (x, y) => [x, y, opcode];
const ternary =
  (opcode: Code): Ternary =>
  (x, y, z) => [x, y, z, opcode];
/** Alignment of 4 bytes, as for floats. */
const at = (offset: number): Code => [2, unsigned(offset)];
const load =
  (opcode: Code): Load =>
  (offset, address) => [address, opcode, at(offset)];
const store =
  (opcode: number, ...lane: number[]): Store =>
  (offset, address, value) => [address, value, simd(opcode), at(offset), lane];

export const i32: Record<
  'add' | 'sub' | 'mul' | 'divide' | 'remainder' | 'and' | 'shiftLeft' | 'less' | 'atLeast',
  Binary
> & {
  const: (value: number) => Code;
  isZero: Unary;
  /** The first operand if the third is not 0, else the second. */
  select: Ternary;
  load: Load;
} = {
  const: (value) => [0x41, signed(value)],
  isZero: unary([0x45]),
  less: binary([0x49]),
  atLeast: binary([0x4f]),
  add: binary([0x6a]),
  sub: binary([0x6b]),
  mul: binary([0x6c]),
  divide: binary([0x6e]),
  remainder: binary([0x70]),
  and: binary([0x71]),
  shiftLeft: binary([0x74]),
  select: ternary([0x1b]),
  load: load([0x28]),
};

export const f64: { const: (value: number) => Code; mul: Binary; fromInt: Unary } = {
  const: (value) => [0x44, ...new Uint8Array(Float64Array.of(value).buffer)],
  mul: binary([0xa2]),
  fromInt: unary([0xb8]),
};

export const v128: Record<'load' | 'loadSplat' | 'loadLow1' | 'loadLow2', Load> &
  Record<'loadByte' | 'loadBytes2' | 'loadByteSplat', Load> &
  Record<'widenBytes' | 'widenWords', Unary> &
  Record<'store' | 'storeLow1' | 'storeLow2', Store> & {
    zero: Code;
    /** A float32 in all lanes. */
    const: (value: number) => Code;
    and: Binary;
    or: Binary;
    /** The bits of the first operand where the second is 0. */
    andNot: Binary;
    /** The bits of the first operand where the third is 1, else of the second. */
    select: Ternary;
  } = {
  load: load(simd(0)),
  loadSplat: load(simd(9)),
  // one or two lanes; the others are 0
  loadLow1: load(simd(0x5c)),
  loadLow2: load(simd(0x5d)),
  // one byte, two bytes, or one byte in all sixteen lanes; the other lanes are 0
  loadByte: (offset, address) => [address, v128.zero, simd(0x54), 0, unsigned(offset), 0],
  loadBytes2: (offset, address) => [address, v128.zero, simd(0x55), 0, unsigned(offset), 0],
  loadByteSplat: (offset, address) => [address, simd(7), 0, unsigned(offset)],
  // the lower eight bytes, or four 16-bit values, as unsigned integers of twice the width
  widenBytes: unary(simd(0x89)),
  widenWords: unary(simd(0xa9)),
  store: store(0x0b),
  storeLow1: store(0x5a, 0),
  storeLow2: store(0x5b, 0),
  zero: [simd(0x0c), new Array<number>(16).fill(0)],
  const: (value) => [0x43, ...new Uint8Array(Float32Array.of(value).buffer), simd(0x13)],
  and: binary(simd(0x4e)),
  andNot: binary(simd(0x4f)),
  or: binary(simd(0x50)),
  select: ternary(simd(0x52)),
};

/** Operations on four float32 lanes. Comparisons return masks. */
export const f32x4: Record<'ceil' | 'floor' | 'nearest' | 'abs' | 'neg' | 'sqrt' | 'fromInt' | 'toInt', Unary> &
  Record<'eq' | 'ne' | 'lt' | 'gt' | 'le' | 'ge' | 'add' | 'sub' | 'mul' | 'div' | 'min' | 'max', Binary> &
  Record<'pmin' | 'pmax', Binary> = {
  eq: binary(simd(0x41)),
  ne: binary(simd(0x42)),
  lt: binary(simd(0x43)),
  gt: binary(simd(0x44)),
  le: binary(simd(0x45)),
  ge: binary(simd(0x46)),
  ceil: unary(simd(0x67)),
  floor: unary(simd(0x68)),
  nearest: unary(simd(0x6a)),
  abs: unary(simd(0xe0)),
  neg: unary(simd(0xe1)),
  sqrt: unary(simd(0xe3)),
  add: binary(simd(0xe4)),
  sub: binary(simd(0xe5)),
  mul: binary(simd(0xe6)),
  div: binary(simd(0xe7)),
  min: binary(simd(0xe8)),
  max: binary(simd(0xe9)),
  pmin: binary(simd(0xea)),
  pmax: binary(simd(0xeb)),
  // int32 lanes; toInt truncates, saturates, and maps NaN to 0
  toInt: unary(simd(0xf8)),
  fromInt: unary(simd(0xfa)),
};
