/**
 * Builders of op records. Each gives a function that makes a node, with the record as its `op` property, so that an
 * op has one name: `tanh(x)` computes, `tanh.op` tells everything known about it.
 */
import { markRaw, unproxied } from '../core/raw.ts';
import { anything, callable, checkArguments, oneOf, options, required, string } from '../core/arguments.ts';
import type { ArgumentTable, ArgumentType } from '../core/arguments.ts';
import { DTypeError, ShapeError, ValueError } from '../core/errors.ts';
import type { DType, TypedArray } from '../core/dtype.ts';
import { checkDType, dtypeOf } from '../core/dtype.ts';
import { broadcastShapes, checkShape, formatShape, sizeOf } from '../core/shape.ts';
import type { Shape } from '../core/shape.ts';
import { checkNumber, readValues } from '../core/values.ts';
import type { NestedValues, NumericArray } from '../core/values.ts';
import { createNode, isNode } from '../graph/node.ts';
import type { Constant, Node, Variable } from '../graph/node.ts';
import { integers, isHostValues, operand, operands, optionalOperand, optionalOperands } from './arguments.ts';
import type { Given, HostValues, TensorLike } from './arguments.ts';
import type { AliasOp, Attributes, ElementwiseOp, LeafOp, Op, StructuredOp, TensorType } from '../graph/op.ts';

export interface OpFunction<Arguments extends readonly unknown[], O> {
  (...args: Arguments): Node;
  readonly op: O;
}

/** Joins a record and the function that makes its nodes. */
export function defineOp<A extends Attributes, O extends Op<A>, Arguments extends readonly unknown[]>(
  op: O,
  build: (node: (inputs: readonly Node[], attributes: A) => Node, ...args: Arguments) => Node,
): OpFunction<Arguments, O> {
  const node = (inputs: readonly Node[], attributes: A): Node => createNode(op as unknown as Op, inputs, attributes);
  return Object.assign((...args: Arguments) => build(node, ...args), { op });
}

export const constantOp: LeafOp = {
  name: 'constant',
  kind: 'leaf',
  infer: (_, attributes) => leafType(attributes),
  gradient: null,
};
export const variableOp: LeafOp = {
  name: 'variable',
  kind: 'leaf',
  infer: (_, attributes) => leafType(attributes),
  gradient: null,
};

function leafType(attributes: Attributes): TensorType {
  return { shape: attributes['shape'] as Shape, dtype: attributes['dtype'] as DType };
}

/**
 * A tensor of known values: one number that fills `shape` (a scalar by default), or every element in row-major order.
 *
 * @param value a number, a typed array, arrays in arrays, or what `tensor()` returns
 * @param shape default: that of `value`; a vector for a typed array
 * @param dtype by default that of the values, as in `tensor()`; float32 for numbers
 * @throws ShapeError when the values do not fill the shape; DTypeError for values that the dtype cannot hold: a graph with a
 *   typed array of such values is refused when it is compiled, other values at once
 */
export function constant(
  value: number | NumericArray | NestedValues | HostValues,
  shape?: Shape,
  dtype?: DType,
): Constant {
  checkArguments('constant', arguments, { value: required(anything), shape: integers, dtype: anything });
  if (isHostValues(value)) {
    const { value: values, ...own } = value.toConstant();
    return constant(values, shape ?? own.shape, dtype ?? own.dtype);
  }
  if (typeof value === 'number') {
    checkNumber('constant', value, checkDType('constant', dtype ?? 'float32'));
    return filled(value, checkShape('constant', shape ?? []), dtype);
  }
  try {
    const { data, shape: own } = readValues('constant', value, dtype);
    return leaf(data, checkShape('constant', shape ?? own), dtypeOf(data));
  } catch (error) {
    if (!(error instanceof DTypeError) || !dtype || !ArrayBuffer.isView(value)) throw error;
    return { ...filled(0, shape, checkDType('constant', dtype)), invalid: error };
  }
}

/** A constant of one number, which is not checked: the compiler's own, and numbers among operands. */
export function filled(value: number, shape: Shape = [], dtype: DType = 'float32'): Constant {
  return leaf(value, shape, dtype);
}

function leaf(value: number | TypedArray, shape: Shape, dtype: DType): Constant {
  if (typeof value !== 'number' && value.length !== sizeOf(shape)) {
    throw new ShapeError(
      `constant: ${value.length} values do not fill shape ${formatShape(shape)} of ${sizeOf(shape)} elements`,
    );
  }
  const kept = typeof value === 'number' && dtype === 'float32' ? withinFloat32(value) : value;
  const attributes = { shape: [...shape], dtype, ...(typeof kept === 'number' ? { value: kept } : {}) };
  return unproxied({ ...createNode(constantOp, [], attributes), value: kept });
}

export interface VariableOptions {
  /** For listings and error messages. Default: the role with a number. */
  readonly name?: string;
  /** Default 'state'. */
  readonly role?: Variable['variable']['role'];
  /** Default 'float32'. */
  readonly dtype?: DType;
  /** Gives every element, in the variable's dtype. Default: zeros. */
  readonly initialize?: () => TypedArray;
}

let variableCount = 0;

/**
 * A device buffer of `shape` that lives on between runs; see `Variable`.
 *
 * @throws ShapeError for an invalid shape; ValueError for invalid options; DTypeError for an unknown dtype
 */
export function variable(shape: Shape, given: VariableOptions = {}): Variable {
  checkArguments('variable', arguments, {
    shape: required(integers),
    options: options({
      name: string,
      role: oneOf('parameter', 'state', 'input', 'data'),
      dtype: anything,
      initialize: callable,
    }),
  });
  const { dtype = 'float32', role = 'state', name = `${role}_${++variableCount}`, initialize } = given;
  checkDType(role === 'input' ? role : 'variable', dtype);
  const node = createNode(variableOp, [], { shape: [...shape], dtype });
  if (initialize === undefined) return variableOf(node, { name, role });
  return variableOf(node, { name, role, initialize: () => requireValues(name, node, initialize()) });
}

/** `node` as a variable of its own identity. */
export function variableOf(node: Node, meta: Variable['variable']): Variable {
  return markRaw(unproxied({ ...node, variable: meta }));
}

/** What an initializer gave, which must be of the variable's dtype and size. */
function requireValues(name: string, { shape, dtype }: TensorType, values: TypedArray): TypedArray {
  const given = dtypeOf(values, `the initializer of '${name}'`);
  if (given !== dtype) throw new DTypeError(`the initializer of '${name}' gave ${given}: the variable is ${dtype}`);
  if (values.length === sizeOf(shape)) return values;
  throw new ShapeError(
    `the initializer of '${name}' gave ${values.length} values: its shape ${formatShape(shape)} has ${sizeOf(shape)} elements`,
  );
}

function toNode(value: TensorLike): Node {
  if (typeof value === 'number') return filled(value);
  return isNode(value) ? value : value.toConstant();
}

/**
 * A function as users call it: its arguments are held against a table, and every operand reaches it as a node. The one check of
 * all functions here; what depends on shapes and dtypes is checked by each op's `infer`.
 *
 * @param takes one entry for each parameter, in order
 */
export function checked<Arguments extends readonly unknown[], Result>(
  name: string,
  takes: ArgumentTable,
  build: (...args: Arguments) => Result,
): (...args: Given<Arguments>) => Result {
  const types = Object.values(takes);
  return (...args) => {
    checkArguments(name, args, takes);
    return build(...(args.map((value, index) => withNodes(types[index]!, value)) as readonly unknown[] as Arguments));
  };
}

/** The same of an op. */
export function checkedOp<Arguments extends readonly unknown[], O extends Pick<Op, 'name'>>(
  takes: ArgumentTable,
  build: OpFunction<Arguments, O>,
): OpFunction<Given<Arguments>, O> {
  return Object.assign(checked(build.op.name, takes, build), { op: build.op });
}

/** A checked argument with nodes for operands; of an options object, the options that there are. */
function withNodes(type: ArgumentType, value: unknown): unknown {
  if (value === undefined) return value;
  if (type === operand || type === optionalOperand) return toNode(value as TensorLike);
  if (type === operands || type === optionalOperands) return (value as TensorLike[]).map(toNode);
  if (!type.table) return value;
  const given = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(Object.entries(type.table).map(([name, inner]) => [name, withNodes(inner, given[name])]));
}

/** What the builders below give, by name: isolated declarations want the type of every exported op written out. */
export type Unary = OpFunction<[x: TensorLike], ElementwiseOp>;
export type UnaryWith<A extends Attributes> = OpFunction<[x: TensorLike, options: A], ElementwiseOp<A>>;
export type Binary = OpFunction<[x: TensorLike, y: TensorLike], ElementwiseOp>;
export type Ternary = OpFunction<[x: TensorLike, y: TensorLike, z: TensorLike], ElementwiseOp>;

type ElementwiseRecord<A> = Omit<ElementwiseOp<A>, 'kind' | 'arity' | 'infer'> &
  Partial<Pick<ElementwiseOp<A>, 'infer'>>;

/** The type of an element-wise result: float32 in the shape that the inputs, all float32, broadcast to. */
export function inferElementwise(op: string, inputs: readonly TensorType[]): TensorType {
  for (const { dtype } of inputs) requireDType(op, dtype, 'float32');
  return { shape: broadcastShapes(op, ...inputs.map(({ shape }) => shape)), dtype: 'float32' };
}

function elementwise<A extends Attributes>(arity: 1 | 2 | 3, record: ElementwiseRecord<A>): ElementwiseOp<A> {
  return {
    kind: 'elementwise',
    arity,
    infer: (inputs) => inferElementwise(record.name, inputs),
    ...record,
  };
}

/** An element-wise op of one tensor. */
export function unary(record: ElementwiseRecord<Attributes>): Unary {
  return checkedOp(
    { x: operand },
    defineOp<Attributes, ElementwiseOp, [Node]>(elementwise(1, record), (node, x) => node([x], {})),
  );
}

/** An element-wise op of one tensor with numbers as settings, all of which must be given; `takes` names them. */
export function unaryWith<A extends Readonly<Record<string, number>>>(
  takes: ArgumentTable,
  record: ElementwiseRecord<A>,
): UnaryWith<A> {
  return checkedOp(
    { x: operand, options: required(options(takes)) },
    defineOp<A, ElementwiseOp<A>, [Node, A]>(elementwise(1, record), (node, x, attributes) => {
      const numbers = Object.entries(attributes).map(([name, value]) => [name, withinFloat32(value)]);
      return node([x], Object.fromEntries(numbers) as A);
    }),
  ) as UnaryWith<A>;
}

/** An element-wise op of two tensors that broadcast. */
export function binary(record: ElementwiseRecord<Attributes>): Binary {
  return checkedOp(
    { x: operand, y: operand },
    defineOp<Attributes, ElementwiseOp, [Node, Node]>(elementwise(2, record), (node, x, y) => node([x, y], {})),
  );
}

/** An element-wise op of three tensors that broadcast. */
export function ternary(record: ElementwiseRecord<Attributes>): Ternary {
  return checkedOp(
    { x: operand, y: operand, z: operand },
    defineOp<Attributes, ElementwiseOp, [Node, Node, Node]>(elementwise(3, record), (node, x, y, z) =>
      node([x, y, z], {}),
    ),
  );
}

/** An op with kernels of its own; `build` turns the caller's arguments into inputs and attributes. */
export function structured<A extends Attributes, Arguments extends readonly unknown[]>(
  record: Omit<StructuredOp<A>, 'kind'>,
  build: (node: (inputs: readonly Node[], attributes: A) => Node, ...args: Arguments) => Node,
): OpFunction<Arguments, StructuredOp<A>> {
  return defineOp<A, StructuredOp<A>, Arguments>({ kind: 'structured', ...record }, build);
}

/** An op that only sees its input's memory in another shape. */
export function alias<A extends Attributes, Arguments extends readonly unknown[]>(
  record: Omit<AliasOp<A>, 'kind'>,
  build: (node: (inputs: readonly Node[], attributes: A) => Node, ...args: Arguments) => Node,
): OpFunction<Arguments, AliasOp<A>> {
  return defineOp<A, AliasOp<A>, Arguments>({ kind: 'alias', ...record }, build);
}

/** `value`, or what it becomes as a float32 where that is ±∞ or 0: the float64 reference then takes 1e39 as the devices do. */
export function withinFloat32(value: number): number {
  const single = Math.fround(value);
  return single === 0 || Math.abs(single) === Infinity ? single : value;
}

/**
 * WGSL text of the float32 nearest to `value`. A literal where WGSL has an exact one; infinities, NaN, −0 and subnormal
 * numbers by their bits. The chain that the text goes into brings the function `from_bits`.
 */
export function wgslFloat(value: number): string {
  const single = Math.fround(value);
  const size = Math.abs(single);
  if (Object.is(single, 0) || (size >= 2 ** -126 && size < Infinity)) return single < 0 ? `(${single}f)` : `${single}f`;
  return `from_bits(0x${new Uint32Array(Float32Array.of(single).buffer)[0]!.toString(16)}u)`;
}

/** Throws `DTypeError` unless `given` is one of `expected`. */
export function requireDType(op: string, given: DType, ...expected: DType[]): void {
  if (!expected.includes(given)) {
    throw new DTypeError(`${op}: takes ${expected.join(' or ')}, not ${given}: convert it with cast()`);
  }
}

/** Throws `ShapeError` unless `shape` has `rank` axes. */
export function requireRank(op: string, what: string, shape: Shape, rank: number): void {
  if (shape.length !== rank) {
    throw new ShapeError(`${op}: ${what} must have rank ${rank}, not shape ${formatShape(shape)}`);
  }
}

/** Throws `ValueError` unless `given` is an integer of at least `least`. */
export function requireInteger(op: string, what: string, given: number, least: number): void {
  if (!Number.isInteger(given) || given < least) {
    throw new ValueError(`${op}: ${what} must be an integer ≥ ${least}, not ${given}`);
  }
}
