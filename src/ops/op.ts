/**
 * Builders of op records. Each gives a function that makes a node, with the record as its `op` property, so that an
 * op has one name: `tanh(x)` computes, `tanh.op` tells everything known about it.
 */
import { DTypeError, ShapeError, ValueError } from '../core/errors.ts';
import type { DType, TypedArray } from '../core/dtype.ts';
import { checkDType, dtypeOf } from '../core/dtype.ts';
import { broadcastShapes, checkShape, formatShape, sizeOf } from '../core/shape.ts';
import type { Shape } from '../core/shape.ts';
import { createNode } from '../graph/node.ts';
import type { Constant, Node, Variable } from '../graph/node.ts';
import type { AliasOp, Attributes, ElementwiseOp, LeafOp, Op, StructuredOp, TensorType } from '../graph/op.ts';

/** What an op function takes: a tensor of the graph, or a number that broadcasts. */
export type TensorLike = Node | number;

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
 * A tensor of known values: one number that fills `shape` (a scalar by default), or every element in row-major order
 * (a vector by default). Throws `ShapeError` when the number of values is not that of the shape.
 */
export function constant(
  value: number | TypedArray,
  shape: Shape = typeof value === 'number' ? [] : [value.length],
  dtype?: DType,
): Constant {
  checkShape('constant', shape);
  if (typeof value !== 'number' && value.length !== sizeOf(shape)) {
    throw new ShapeError(
      `constant: ${value.length} values do not fill shape ${formatShape(shape)} of ${sizeOf(shape)} elements`,
    );
  }
  const type = checkDType('constant', dtype ?? (typeof value === 'number' ? 'float32' : dtypeOf(value, 'constant')));
  const attributes = { shape, dtype: type, ...(typeof value === 'number' ? { value } : {}) };
  const node: Constant = { ...createNode(constantOp, [], attributes), value };
  return node;
}

export interface VariableOptions {
  readonly name?: string;
  readonly role?: Variable['variable']['role'];
  readonly dtype?: DType;
  readonly initialize?: () => TypedArray;
}

let variableCount = 0;

/** A device buffer of `shape` that lives on between runs; see `Variable`. Throws `DTypeError` for an unknown dtype. */
export function variable(shape: Shape, options: VariableOptions = {}): Variable {
  const { dtype = 'float32', role = 'state', name = `${role}_${++variableCount}`, initialize } = options;
  checkDType(role === 'input' ? role : 'variable', dtype);
  const node = createNode(variableOp, [], { shape: [...shape], dtype });
  return { ...node, variable: initialize ? { name, role, initialize } : { name, role } };
}

export function toNode(value: TensorLike): Node {
  return typeof value === 'number' ? constant(value) : value;
}

/** What the builders below give, by name: isolated declarations want the type of every exported op written out. */
export type Unary = OpFunction<[x: TensorLike], ElementwiseOp>;
export type UnaryWith<A extends Attributes> = OpFunction<[x: TensorLike, attributes: A], ElementwiseOp<A>>;
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
  return defineOp<Attributes, ElementwiseOp, [TensorLike]>(elementwise(1, record), (node, x) => node([toNode(x)], {}));
}

/** An element-wise op of one tensor with settings. */
export function unaryWith<A extends Attributes>(record: ElementwiseRecord<A>): UnaryWith<A> {
  return defineOp<A, ElementwiseOp<A>, [TensorLike, A]>(elementwise(1, record), (node, x, attributes) =>
    node([toNode(x)], attributes),
  );
}

/** An element-wise op of two tensors that broadcast. */
export function binary(record: ElementwiseRecord<Attributes>): Binary {
  return defineOp<Attributes, ElementwiseOp, [TensorLike, TensorLike]>(elementwise(2, record), (node, x, y) =>
    node([toNode(x), toNode(y)], {}),
  );
}

/** An element-wise op of three tensors that broadcast. */
export function ternary(record: ElementwiseRecord<Attributes>): Ternary {
  return defineOp<Attributes, ElementwiseOp, [TensorLike, TensorLike, TensorLike]>(
    elementwise(3, record),
    (node, x, y, z) => node([toNode(x), toNode(y), toNode(z)], {}),
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

/** The WGSL literal of the float32 nearest to a finite `value`. */
export function wgslFloat(value: number): string {
  const text = `${Math.fround(value)}f`;
  return value < 0 ? `(${text})` : text;
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
