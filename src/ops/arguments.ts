/**
 * What the functions of this folder take: the types of their arguments, for the table that each of them has. `checked` in
 * `op.ts` holds a call against its table.
 */
import type { ArgumentType } from '../core/arguments.ts';
import { isNode } from '../graph/node.ts';
import type { Constant, Node } from '../graph/node.ts';

/** Values on the host that can become a constant of the graph: what `tensor()` returns. */
export interface HostValues {
  toConstant(): Constant;
}

/** An operand of a call: a tensor of the graph, a number that broadcasts, or values on the host. */
export type TensorLike = Node | number | HostValues;

/** The arguments of a call whose function receives `Arguments`: every node, in options too, may be given as any operand. */
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

/** Options as the function receives them: with nodes for the operands that `Names` lists. */
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

/** An operand that may be left out. */
export const optionalOperand: ArgumentType = { expected: operandText, accepts: isOperand };

const operandsText = 'an array of tensors, such as [a, b]';
const isOperands = (value: unknown): boolean => isList(isOperand, value);

export const operands: ArgumentType = { expected: operandsText, accepts: isOperands, isRequired: true };

export const optionalOperands: ArgumentType = { expected: operandsText, accepts: isOperands };

/** Which axes exist is checked where the rank is known. */
export const axis: ArgumentType = { expected: 'an integer, the index of an axis', accepts: isNumber };

export const axes: ArgumentType = {
  expected: 'the index of an axis, or an array of them',
  accepts: (value) => isNumber(value) || isNumbers(value),
};

const isNumbers = (value: unknown): boolean => isList(isNumber, value);

/** Which numbers are valid is checked where the shapes are known, or by `checkShape`. */
export const integers: ArgumentType = { expected: 'an array of integers', accepts: isNumbers };

export const shape: ArgumentType = {
  expected: 'an array of integers, such as [2, 3]',
  accepts: isNumbers,
  isRequired: true,
};

/** Elements before and after, for each axis. */
export const pairs: ArgumentType = {
  expected: 'an array of pairs [before, after], one for each axis',
  accepts: (value) => isList((pair) => isNumbers(pair) && (pair as number[]).length === 2, value),
  isRequired: true,
};

/** NaN and infinities are numbers to fill with. */
export const optionalNumber: ArgumentType = { expected: 'a number', accepts: isNumber };

export const scalar: ArgumentType = { expected: 'a finite number', accepts: Number.isFinite, isRequired: true };

/** Any number but NaN. */
export const bound: ArgumentType = {
  expected: 'a number other than NaN',
  accepts: (value) => typeof value === 'number' && !Number.isNaN(value),
};
