/**
 * Builders of op records. Each returns a function that creates a node and has the record as its `op` property, so that an
 * op has one name: `tanh(x)` creates a node, and `tanh.op` is the record with everything known about the op.
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

/** A function that creates nodes of an op, with the op's record as a property. */
export interface OpFunction<Arguments extends readonly unknown[], O> {
  (...args: Arguments): Node;
  readonly op: O;
}

/** Combines an op record with the function that creates its nodes. */
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
 * Creates a tensor with known values: either one number that fills `shape`, or every element in row-major order.
 *
 * @param value a number, a typed array, nested arrays, or the result of `tensor()`
 * @param shape default: the shape of `value`, which is [length] for a typed array and [] for a number
 * @param dtype default: the dtype of the values, as in `tensor()`; float32 for numbers
 * @returns a constant node
 * @throws ShapeError when the number of values does not match the shape
 * @throws DTypeError for values that the dtype cannot represent. For a typed array, the error is thrown when a graph that
 *   uses the constant is compiled; otherwise immediately.
 * @example constant([[1, 2], [3, 4]]); // float32 [2, 2]
 * @example constant(0, [3]); // [0, 0, 0]
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

/**
 * A constant with every element equal to `value`, which is not checked. For numbers from the compiler and number
 * operands.
 */
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

/** Options of `variable`. */
export interface VariableOptions {
  /** Name in listings and error messages. Default: the role followed by a number. */
  readonly name?: string;
  /** What the variable is used for. Default 'state'. */
  readonly role?: Variable['variable']['role'];
  /** Default 'float32'. */
  readonly dtype?: DType;
  /** Returns the initial values: one per element, in the variable's dtype. Default: zeros. */
  readonly initialize?: () => TypedArray;
}

let variableCount = 0;

/**
 * Creates a device buffer that persists between runs; see `Variable`.
 *
 * @param shape the shape of the variable
 * @param given name, role, dtype and initializer
 * @returns a variable node
 * @throws ShapeError for an invalid shape; ValueError for invalid options; DTypeError for an unknown dtype
 * @example variable([2, 3], { name: 'w', role: 'parameter', initialize: () => new Float32Array(6).fill(0.1) });
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

/** A new variable with the type of `node` and an identity of its own. */
export function variableOf(node: Node, meta: Variable['variable']): Variable {
  return markRaw(unproxied({ ...node, variable: meta }));
}

/** Returns the initializer's values after checking that they match the variable's dtype and size. */
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
 * Wraps `build` as a public function: checks the arguments against a table and converts every operand to a node. All
 * public functions of this folder are checked here. Checks that depend on shapes and dtypes are in each op's `infer`.
 *
 * @param name the function's name, for error messages
 * @param takes one entry per parameter, in order
 * @param build receives the checked arguments, with nodes for operands
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

/** Like `checked`, for a function with an op record. */
export function checkedOp<Arguments extends readonly unknown[], O extends Pick<Op, 'name'>>(
  takes: ArgumentTable,
  build: OpFunction<Arguments, O>,
): OpFunction<Given<Arguments>, O> {
  return Object.assign(checked(build.op.name, takes, build), { op: build.op });
}

/**
 * Converts operands in a checked argument to nodes, also within an options object; options that the table lacks are
 * dropped.
 */
function withNodes(type: ArgumentType, value: unknown): unknown {
  if (value === undefined) return value;
  if (type === operand || type === optionalOperand) return toNode(value as TensorLike);
  if (type === operands || type === optionalOperands) return (value as TensorLike[]).map(toNode);
  if (!type.table) return value;
  const given = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(Object.entries(type.table).map(([name, inner]) => [name, withNodes(inner, given[name])]));
}

/**
 * Types of the functions that the builders below return. Isolated declarations require an explicit type for every
 * exported op.
 */
export type Unary = OpFunction<[x: TensorLike], ElementwiseOp>;
export type UnaryWith<A extends Attributes> = OpFunction<[x: TensorLike, options: A], ElementwiseOp<A>>;
export type Binary = OpFunction<[x: TensorLike, y: TensorLike], ElementwiseOp>;
export type Ternary = OpFunction<[x: TensorLike, y: TensorLike, z: TensorLike], ElementwiseOp>;

type ElementwiseRecord<A> = Omit<ElementwiseOp<A>, 'kind' | 'arity' | 'infer'> &
  Partial<Pick<ElementwiseOp<A>, 'infer'>>;

/**
 * The type of an element-wise result: float32 of the shape to which the inputs broadcast.
 *
 * @throws DTypeError unless all inputs are float32; ShapeError when the shapes do not broadcast
 */
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

/** Defines an element-wise op of one tensor. */
export function unary(record: ElementwiseRecord<Attributes>): Unary {
  return checkedOp(
    { x: operand },
    defineOp<Attributes, ElementwiseOp, [Node]>(elementwise(1, record), (node, x) => node([x], {})),
  );
}

/** Defines an element-wise op of one tensor with required numeric options, which `takes` lists. */
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

/** Defines an element-wise op of two tensors, with broadcasting. */
export function binary(record: ElementwiseRecord<Attributes>): Binary {
  return checkedOp(
    { x: operand, y: operand },
    defineOp<Attributes, ElementwiseOp, [Node, Node]>(elementwise(2, record), (node, x, y) => node([x, y], {})),
  );
}

/** Defines an element-wise op of three tensors, with broadcasting. */
export function ternary(record: ElementwiseRecord<Attributes>): Ternary {
  return checkedOp(
    { x: operand, y: operand, z: operand },
    defineOp<Attributes, ElementwiseOp, [Node, Node, Node]>(elementwise(3, record), (node, x, y, z) =>
      node([x, y, z], {}),
    ),
  );
}

/** Defines an op with its own kernels. `build` converts the caller's arguments to inputs and attributes. */
export function structured<A extends Attributes, Arguments extends readonly unknown[]>(
  record: Omit<StructuredOp<A>, 'kind'>,
  build: (node: (inputs: readonly Node[], attributes: A) => Node, ...args: Arguments) => Node,
): OpFunction<Arguments, StructuredOp<A>> {
  return defineOp<A, StructuredOp<A>, Arguments>({ kind: 'structured', ...record }, build);
}

/** Defines an op whose output is its input's memory, possibly with another shape. */
export function alias<A extends Attributes, Arguments extends readonly unknown[]>(
  record: Omit<AliasOp<A>, 'kind'>,
  build: (node: (inputs: readonly Node[], attributes: A) => Node, ...args: Arguments) => Node,
): OpFunction<Arguments, AliasOp<A>> {
  return defineOp<A, AliasOp<A>, Arguments>({ kind: 'alias', ...record }, build);
}

/**
 * Returns `value`, or its float32 rounding where that is ±∞ or 0. The float64 reference then treats 1e39 as the devices
 * do.
 */
export function withinFloat32(value: number): number {
  const single = Math.fround(value);
  return single === 0 || Math.abs(single) === Infinity ? single : value;
}

/**
 * The WGSL text of the float32 nearest to `value`: a literal where WGSL has an exact one, otherwise the bits, for
 * infinities, NaN, −0 and subnormal numbers. The surrounding chain must include the helper function `from_bits`.
 */
export function wgslFloat(value: number): string {
  const single = Math.fround(value);
  const size = Math.abs(single);
  if (Object.is(single, 0) || (size >= 2 ** -126 && size < Infinity)) return single < 0 ? `(${single}f)` : `${single}f`;
  return `from_bits(0x${new Uint32Array(Float32Array.of(single).buffer)[0]!.toString(16)}u)`;
}

/** @throws DTypeError unless `given` is one of `expected` */
export function requireDType(op: string, given: DType, ...expected: DType[]): void {
  if (!expected.includes(given)) {
    throw new DTypeError(`${op}: takes ${expected.join(' or ')}, not ${given}: convert it with cast()`);
  }
}

/** @throws ShapeError unless `shape` has `rank` axes */
export function requireRank(op: string, what: string, shape: Shape, rank: number): void {
  if (shape.length !== rank) {
    throw new ShapeError(`${op}: ${what} must have rank ${rank}, not shape ${formatShape(shape)}`);
  }
}

/** @throws ValueError unless `given` is an integer of at least `least` */
export function requireInteger(op: string, what: string, given: number, least: number): void {
  if (!Number.isInteger(given) || given < least) {
    throw new ValueError(`${op}: ${what} must be an integer ≥ ${least}, not ${given}`);
  }
}
