/**
 * Persistence of tuning results, by adapter name and format version. Outdated, foreign and damaged entries are ignored. The worst
 * effect of a wrong entry is a slower kernel.
 */
import { checkCount } from '../core/arguments.ts';
import { classOf } from '../core/dtype.ts';
import { nodeModule } from '../core/node-module.ts';
import { fileStore } from './file-store.ts';
import { indexedDBStore } from './indexed-db-store.ts';
import { checkedStore } from './checked-store.ts';
import type { TuningRecord, TuningStore } from './checked-store.ts';

export type { TuningRecord, TuningStore };

/** Incremented when kernels have changed enough that they must be measured again. */
export const tuningFormat = 2;

/** Maximum number of choices in a record: the most recent ones. */
const maxKernels = 1000;
/** Maximum characters of a step key, which contains operand shapes and attributes. */
const maxKeyLength = 1024;
/** Maximum characters of a kernel name. */
const maxNameLength = 64;

/** Creates the record to store for an adapter. */
export function tuningRecord(adapter: string, kernels: Readonly<Record<string, string>>): TuningRecord {
  const latest = Object.entries(kernels).slice(-maxKernels);
  return { format: tuningFormat, adapter, kernels: Object.fromEntries(latest) };
}

/**
 * Validates a stored record and returns its kernel names by step key; an empty object for anything but a record of this adapter
 * and format. Time and result size are bounded by the maximum number of choices, whatever the store contains.
 */
export function kernelsOf(value: unknown, adapter: string): Record<string, string> {
  const { format, adapter: from, kernels } = (value ?? {}) as Partial<Record<keyof TuningRecord, unknown>>;
  if (format !== tuningFormat || from !== adapter || classOf(kernels) !== 'Object') return {};
  const entries: [string, string][] = [];
  let count = 0;
  for (const key in kernels as object) {
    if (++count > maxKernels) return {};
    const name = (kernels as Record<string, unknown>)[key];
    // A key without a space would select the kernel for all steps of an op.
    if (key.includes(' ') && key.length <= maxKeyLength && typeof name === 'string' && name.length <= maxNameLength) {
      entries.push([key, name]);
    }
  }
  return Object.fromEntries(entries);
}

/**
 * Creates a store in memory, which lasts as long as the object.
 *
 * @example
 * const store = memoryStore();
 * await tune(engine, undefined, { store });
 * await loadTuning(anotherEngine, store);
 */
export function memoryStore(): TuningStore {
  checkCount('memoryStore', arguments);
  const records = new Map<string, TuningRecord>();
  return checkedStore('memoryStore', {
    read: (adapter) => Promise.resolve(records.get(adapter)),
    write: (adapter, record) => {
      records.set(adapter, record);
      return Promise.resolve();
    },
  });
}

/** Returns IndexedDB in pages and workers, a file in Node, else memory. */
export function defaultStore(): TuningStore {
  if (typeof indexedDB !== 'undefined') return indexedDBStore();
  return nodeModule('node:fs') ? fileStore() : memoryStore();
}
