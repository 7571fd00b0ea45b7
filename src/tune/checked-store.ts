/** What a store of tuning records is, and the checks that all of them share. */
import { checkArguments, required, string } from '../core/arguments.ts';
import type { ArgumentType } from '../core/arguments.ts';
import { GradletError, StateError, messageOf } from '../core/errors.ts';

/** Keeps one record for each adapter. Either function may reject: tuning goes on without. */
export interface TuningStore {
  /** What was written for `adapter` last; undefined when there is nothing. Nobody relies on its shape. */
  read(adapter: string): Promise<unknown>;
  write(adapter: string, record: TuningRecord): Promise<void>;
}

export interface TuningRecord {
  readonly format: number;
  readonly adapter: string;
  /** The kernel's name by the step's key. */
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
 * A store whose functions check their arguments, and reject with errors of gradlet.
 *
 * @param name of the function that makes it, which starts every message
 */
export function checkedStore(name: string, { read, write }: TuningStore): TuningStore {
  return {
    async read(adapter) {
      checkArguments(`${name}.read`, arguments, { adapter: adapterType });
      return readably(`${name}.read`, () => read(adapter));
    },
    async write(adapter, record) {
      checkArguments(`${name}.write`, arguments, { adapter: adapterType, record: recordType });
      return readably(`${name}.write`, () => write(adapter, record));
    },
  };
}

/** The result of `work`; what a file system or a database rejects with becomes a `StateError` of the same message. */
async function readably<T>(caller: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof GradletError) throw error;
    throw new StateError(`${caller}: ${messageOf(error)}`, { cause: error });
  }
}
