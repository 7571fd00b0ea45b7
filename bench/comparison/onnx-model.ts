/**
 * Encodes an ONNX model with a single node: y = a · b, all n × n and float32. The format is a protocol buffer
 * (onnx.proto3); the numbers below are its field numbers.
 */
export function onnxProduct(size: number): Uint8Array {
  const node = [...text(1, 'a'), ...text(1, 'b'), ...text(2, 'y'), ...text(4, 'MatMul')];
  const graph = [
    ...message(1, node),
    ...text(2, 'product'),
    ...message(11, matrix('a', size)),
    ...message(11, matrix('b', size)),
    ...message(12, matrix('y', size)),
  ];
  const irVersion = 8;
  const operatorSet = number(2, 13);
  return Uint8Array.from([...number(1, irVersion), ...message(7, graph), ...message(8, operatorSet)]);
}

/** A ValueInfoProto. */
function matrix(name: string, size: number): number[] {
  const float = 1;
  const axis = message(1, number(1, size));
  const tensor = [...number(1, float), ...message(2, [...axis, ...axis])];
  return [...text(1, name), ...message(2, message(1, tensor))];
}

const [varint, lengthDelimited] = [0, 2];

const number = (field: number, value: number): number[] => [...tag(field, varint), ...encoded(value)];
const text = (field: number, value: string): number[] => message(field, [...new TextEncoder().encode(value)]);
const message = (field: number, bytes: readonly number[]): number[] => [
  ...tag(field, lengthDelimited),
  ...encoded(bytes.length),
  ...bytes,
];

const tag = (field: number, wireType: number): number[] => encoded((field << 3) | wireType);

/** A varint: seven bits per byte, lowest first; the high bit marks a continuation. For numbers below 2³¹. */
function encoded(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...encoded(value >>> 7)];
}
