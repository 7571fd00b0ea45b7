/** The interface of a store for tuning results, and argument checks for all stores. */
import { checkArguments, required, string } from '../core/arguments.ts';
import type { ArgumentType } from '../core/arguments.ts';
import { GradletError, StateError, messageOf } from '../core/errors.ts';

/** Stores one record for each GPU adapter. Either method may reject: tuning then continues without the store. */
export interface TuningStore {
  /** Returns what was last written for `adapter`, or undefined. Callers validate the result. */
  read(adapter: string): Promise<unknown>;
  write(adapter: string, record: TuningRecord): Promise<void>;
}

export interface TuningRecord {
  readonly format: number;
  readonly adapter: string;
  /** Kernel names by step key. */
  readonly kernels: Readonly<Record<string, string>>;
}

const adapterType: ArgumentType = required({ ...string, expected: 'the name of an adapter' });
const recordType: ArgumentType = required({
  expected: 'a record { format, adapter, kernels }',
  accepts: (value) => {
    const { format, adapter, kernels } = (value ?? {}) as Partial<TuningRecord>;
    const isObject = typeof kernels === 'object' && kernels !== null;
    const areNames = isObject && Object.values(kernels).every((name) => typeof name === 'string');
    return typeof format === 'number' && typeof adapter === 'string' && areNames;
  },
});

/**
 * Wraps a store with argument checks. Its methods reject only with errors of gradlet.
 *
 * @param name name of the function that creates the store, used as prefix of error messages
 */
export function checkedStore(name: string, { read, write }: TuningStore): TuningStore {
  return {
    async read(adapter) {
      checkArguments(`${name}.read`, arguments, { adapter: adapterType });
      return withStateError(`${name}.read`, () => read(adapter));
    },
    async write(adapter, record) {
      checkArguments(`${name}.write`, arguments, { adapter: adapterType, record: recordType });
      return withStateError(`${name}.write`, () => write(adapter, record));
    },
  };
}

/** Runs `work`. Converts an error of the file system or database to a `StateError` with the same message. */
async function withStateError<T>(caller: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof GradletError) throw error;
    throw new StateError(`${caller}: ${messageOf(error)}`, { cause: error });
  }
}
