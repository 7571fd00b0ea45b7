/**
 * Argument checks of engine and backend calls, before anything reaches memory. Users of a backend share its memory, so
 * a wrong write by one would change the values of another.
 */
import { arrayOf, checkValue, having, required, string } from '../core/arguments.ts';
import { describe } from '../core/describe.ts';
import { checkDType, knownDType } from '../core/dtype.ts';
import type { DType, TypedArray } from '../core/dtype.ts';
import { DTypeError, ShapeError, StateError } from '../core/errors.ts';
import { checkShape, formatShape, sizeOf } from '../core/shape.ts';
import type { TensorType } from '../graph/op.ts';
import type { Program } from '../compiler/program.ts';
import type { Backend, BackendBuffer, VariableRequest } from './backend.ts';

/** Throws `DTypeError` unless `values` has the dtype `dtype`. `subject` begins the message: `write: 'x' holds`. */
export function requireDType(subject: string, dtype: DType, values: TypedArray): void {
  const given = knownDType(values);
  if (given === dtype) return;
  throw new DTypeError(`${subject} ${dtype}, not ${given ?? describe(values)}: use an array of its dtype`);
}

/** Throws unless `into` has the dtype and the length of `name`. */
export function requireRoom(name: string, { shape, dtype }: TensorType, into?: TypedArray): void {
  if (into === undefined) return;
  requireDType(`read: '${name}' holds`, dtype, into);
  if (into.length !== sizeOf(shape)) {
    throw new ShapeError(`read: '${name}' is ${formatShape(shape)}: it does not go into an array of ${into.length}`);
  }
}

/** Throws unless `values` can be written to `name` from element `offset` on. */
export function checkWrite(name: string, { shape, dtype }: TensorType, values: TypedArray, offset: number): void {
  requireDType(`write: '${name}' holds`, dtype, values);
  if (!Number.isSafeInteger(offset) || offset < 0 || offset + values.length > sizeOf(shape)) {
    throw new ShapeError(
      `write: ${values.length} values at element ${describe(offset)} do not fit '${name}' of shape ${formatShape(shape)}`,
    );
  }
  const isWhole = offset % 4 === 0 && (values.length % 4 === 0 || offset + values.length === sizeOf(shape));
  if (dtype === 'uint8' && !isWhole) {
    throw new ShapeError(
      `write: ${values.length} bytes at ${offset} of '${name}' end within words: write multiples of 4 bytes`,
    );
  }
}

/** Throws unless `type` and `label` are valid for an allocation. */
export function checkType(type: TensorType, label: string): void {
  checkShape('allocate', type?.shape);
  checkDType('allocate', type.dtype);
  checkValue('allocate', 'label', label, string);
}

/** Throws unless each of `requests` is valid for an allocation. */
export function checkRequests(requests: readonly VariableRequest[]): void {
  checkValue('allocateTogether', 'requests', requests, required(arrayOf(having('a request'), 'an array of requests')));
  for (const { type, label } of requests) checkType(type, label);
}

/** Throws `StateError` unless `backend` allocated each of `buffers` and has not released it. */
export function requireOwn(backend: Backend, ...buffers: readonly BackendBuffer[]): void {
  if (buffers.every((buffer) => (buffer as BackendBuffer | null | undefined)?.owner === backend)) return;
  throw new StateError(`${backend.name}: takes buffers that allocate() of this backend returned and nothing released`);
}

/** Throws `StateError` unless `program` was compiled for `backend` and `variables` has one buffer for each of its variables. */
export function checkProgram(backend: Backend, program: Program, variables: readonly BackendBuffer[]): void {
  const { target, variables: types } = (program ?? {}) as Partial<Program>;
  if (target !== backend.name || !Array.isArray(variables) || types?.length !== variables.length) {
    throw new StateError(
      `${backend.name}: prepare takes a program that was compiled for it, and a buffer for each of its variables`,
    );
  }
  requireOwn(backend, ...variables);
}
