/**
 * Every op of the package, for tests, tools and the benchmark. The package's main path does not import this file: each
 * node references its own op record, so that a bundler includes only the ops that a program uses.
 */
import type { Op } from '../graph/op.ts';
import { constantOp, variableOp } from './define.ts';
import { elementwiseOp } from './elementwise/elementwise.ts';
import * as functions from './functions.ts';
import { partOp } from './part.ts';

export * from './functions.ts';
export { elementwiseOp };

/** The op record of an exported function, in an array; empty for functions composed of several ops. */
const recordOf = (value: unknown): Op[] => (typeof value === 'function' && 'op' in value ? [value.op as Op] : []);

/** Ops without an exported function: leaves, parts of multi-output ops, and ops that only the compiler creates. */
const withoutFunction = [constantOp, variableOp, partOp, elementwiseOp] as unknown as readonly Op[];

/** Every op record. Attribute types differ per op, so the list types them as plain data. */
export const allOps: readonly Op[] = [...withoutFunction, ...Object.values(functions).flatMap(recordOf)];
