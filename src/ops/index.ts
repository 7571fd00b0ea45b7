/**
 * Every op of the package, for tests, tools and the benchmark. Nothing in the package's main path imports this file:
 * a node holds its own record, so that a bundler keeps only what a program uses.
 */
import type { Op } from '../graph/op.ts';
import { constantOp, variableOp } from './define.ts';
import { elementwiseOp } from './elementwise/elementwise.ts';
import * as functions from './functions.ts';
import { partOp } from './part.ts';

export * from './functions.ts';
export { elementwiseOp };

/** The record of an op's function; none for a function that is made of several ops. */
const recordOf = (value: unknown): Op[] => (typeof value === 'function' && 'op' in value ? [value.op as Op] : []);

/** Those without a function: leaves, parts of an op of several outputs, and what the compiler makes. */
const withoutFunction = [constantOp, variableOp, partOp, elementwiseOp] as unknown as readonly Op[];

/** Every record. Attributes are of as many types as there are ops: the list knows them as plain data. */
export const allOps: readonly Op[] = [...withoutFunction, ...Object.values(functions).flatMap(recordOf)];
