/**
 * WebAssembly encoding for the ceiling module. Independent of the encoder in src, so that measurements of gradlet do
 * not depend on its own code.
 */
type Bytes = readonly number[];
type Plain = 'end' | 'loop' | 'brIf' | 'i32Add' | 'i32Sub' | 'splat' | 'i32Lane0' | 'f32Lane0' | 'xor' | 'add' | 'mul';
/** An instruction with an immediate. */
type Immediate = 'callIndirect' | 'get' | 'set' | 'tee' | 'i32Const' | 'f32Const' | 'load';

export const types = { i32: 0x7f, f32: 0x7d, v128: 0x7b } as const;

/** A number below 2^28 in LEB128. */
export function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

export const vector = (items: readonly Bytes[]): number[] => [...unsigned(items.length), ...items.flat()];
export const sized = (bytes: Bytes): number[] => [...unsigned(bytes.length), ...bytes];
export const section = (id: number, bytes: Bytes): number[] => [id, ...sized(bytes)];
export const named = (name: string, kind: number, index: number): number[] => [
  ...sized([...new TextEncoder().encode(name)]),
  kind,
  index,
];

/** Instructions in stack order: operands come first. */
export const op: Record<Plain | 'relaxedMadd' | 'memoryCopy', Bytes> & Record<Immediate, (value: number) => Bytes> = {
  end: [0x0b],
  loop: [0x03, 0x40],
  brIf: [0x0d, 0],
  callIndirect: (type: number) => [0x11, type, 0],
  get: (local: number) => [0x20, local],
  set: (local: number) => [0x21, local],
  tee: (local: number) => [0x22, local],
  /** From 0 to 63. */
  i32Const: (value: number) => [0x41, value],
  i32Add: [0x6a],
  i32Sub: [0x6b],
  f32Const: (value: number) => [0x43, ...new Uint8Array(new Float32Array([value]).buffer)],
  load: (offset: number) => [0xfd, 0x00, 4, ...unsigned(offset)],
  splat: [0xfd, 0x13],
  i32Lane0: [0xfd, 0x1b, 0],
  f32Lane0: [0xfd, 0x1f, 0],
  xor: [0xfd, 0x51],
  add: [0xfd, 0xe4, 0x01],
  mul: [0xfd, 0xe6, 0x01],
  relaxedMadd: [0xfd, 0x85, 0x02],
  memoryCopy: [0xfc, 0x0a, 0, 0],
};
