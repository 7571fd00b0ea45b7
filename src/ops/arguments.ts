/**
 * Argument types of the functions in this folder, for their argument tables. `checked` in `define.ts` validates a call
 * against its table.
 */
import type { ArgumentType } from '../core/arguments.ts';
import { isNode } from '../graph/node.ts';
import type { Constant, Node } from '../graph/node.ts';

/** Values on the host that can become a constant of the graph: the result of `tensor()`. */
export interface HostValues {
  toConstant(): Constant;
}

/** An operand of an op: a graph tensor, a number that broadcasts, or values on the host (the result of `tensor()`). */
export type TensorLike = Node | number | HostValues;

/**
 * The argument types of a public function whose implementation takes `Arguments`: every node, also within options, may be
 * given as any `TensorLike`.
 */
export type Given<Arguments extends readonly unknown[]> = { [Index in keyof Arguments]: GivenOne<Arguments[Index]> };
type GivenOne<T> = T extends Node
  ? TensorLike
  : T extends readonly Node[]
    ? readonly TensorLike[]
    : T extends object
      ? T extends readonly unknown[]
        ? T
        : { [Name in keyof T]: GivenOne<T[Name]> }
      : T;

/** Options as the implementation receives them: the operands listed in `Names` are nodes. */
export type WithNodes<Options, Names extends keyof Options> = Omit<Options, Names> & {
  readonly [Name in Names]: NodesFor<Options[Name]>;
};
type NodesFor<T> = T extends readonly unknown[] ? readonly Node[] : T extends undefined ? undefined : Node;

export function isHostValues(value: unknown): value is HostValues {
  return typeof (value as Partial<HostValues> | null | undefined)?.toConstant === 'function';
}

const isOperand = (value: unknown): value is TensorLike =>
  typeof value === 'number' || isNode(value) || isHostValues(value);

const isNumber = (value: unknown): boolean => typeof value === 'number';

const isList = (accepts: (value: unknown) => boolean, value: unknown): boolean =>
  Array.isArray(value) && Array.from<unknown>(value).every(accepts);

const operandText = 'a tensor of the graph, a number, or values on the host as tensor(values)';

export const operand: ArgumentType = { expected: operandText, accepts: isOperand, isRequired: true };

/** An optional operand. */
export const optionalOperand: ArgumentType = { expected: operandText, accepts: isOperand };

const operandsText = 'an array of tensors, such as [a, b]';
const isOperands = (value: unknown): boolean => isList(isOperand, value);

export const operands: ArgumentType = { expected: operandsText, accepts: isOperands, isRequired: true };

export const optionalOperands: ArgumentType = { expected: operandsText, accepts: isOperands };

/** Whether the axis exists is checked later, where the rank is known. */
export const axis: ArgumentType = { expected: 'an integer, the index of an axis', accepts: isNumber };

export const axes: ArgumentType = {
  expected: 'the index of an axis, or an array of them',
  accepts: (value) => isNumber(value) || isNumbers(value),
};

const isNumbers = (value: unknown): boolean => isList(isNumber, value);

/** The range is checked later, where the shapes are known, or by `checkShape`. */
export const integers: ArgumentType = { expected: 'an array of integers', accepts: isNumbers };

/** A required shape. */
export const shape: ArgumentType = {
  expected: 'an array of integers, such as [2, 3]',
  accepts: isNumbers,
  isRequired: true,
};

/** The number of elements before and after, for each axis. */
export const pairs: ArgumentType = {
  expected: 'an array of pairs [before, after], one for each axis',
  accepts: (value) => isList((pair) => isNumbers(pair) && (pair as number[]).length === 2, value),
  isRequired: true,
};

/** A fill value; may be NaN or infinite. */
export const optionalNumber: ArgumentType = { expected: 'a number', accepts: isNumber };

/** A required finite number. */
export const scalar: ArgumentType = { expected: 'a finite number', accepts: Number.isFinite, isRequired: true };

/** Any number except NaN. */
export const bound: ArgumentType = {
  expected: 'a number other than NaN',
  accepts: (value) => typeof value === 'number' && !Number.isNaN(value),
};
