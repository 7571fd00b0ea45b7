/**
 * Where the choices of `tune` outlive the program: by the adapter's name and by the format's version. Whatever else lies in a
 * store, old or foreign or damaged, is passed over: the worst that a wrong entry can do is a slower kernel.
 */
import { checkCount } from '../core/arguments.ts';
import { classOf } from '../core/dtype.ts';
import { nodeModule } from '../core/node-module.ts';
import { fileStore } from './file-store.ts';
import { indexedDBStore } from './indexed-db-store.ts';
import { checkedStore } from './checked-store.ts';
import type { TuningRecord, TuningStore } from './checked-store.ts';

export type { TuningRecord, TuningStore };

/** Goes up when kernels have changed so much that they are to be measured anew. */
export const tuningFormat = 2;

/** Products that a record remembers: the latest. */
const mostKernels = 1000;
/** Characters of the key of a step, which has the shapes of its operands and its attributes, and of a kernel's name. */
const mostKeyLength = 1024;
const mostNameLength = 64;

export function tuningRecord(adapter: string, kernels: Readonly<Record<string, string>>): TuningRecord {
  const latest = Object.entries(kernels).slice(-mostKernels);
  return { format: tuningFormat, adapter, kernels: Object.fromEntries(latest) };
}

/**
 * The choices of a record of this adapter and format; none of any other value. Whatever lies in the store is read in time
 * proportional to the number of choices that a record can have, and leaves no more behind in an engine.
 */
export function kernelsOf(value: unknown, adapter: string): Record<string, string> {
  const { format, adapter: from, kernels } = (value ?? {}) as Partial<Record<keyof TuningRecord, unknown>>;
  if (format !== tuningFormat || from !== adapter || classOf(kernels) !== 'Object') return {};
  const entries: [string, string][] = [];
  let count = 0;
  for (const key in kernels as object) {
    if (++count > mostKernels) return {};
    const name = (kernels as Record<string, unknown>)[key];
    // A key of one word would mean all steps of an op.
    if (key.includes(' ') && key.length <= mostKeyLength && typeof name === 'string' && name.length <= mostNameLength) {
      entries.push([key, name]);
    }
  }
  return Object.fromEntries(entries);
}

/** Keeps the records for as long as the store itself. */
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

/** IndexedDB in pages and workers, a file in Node, memory where there is neither. */
export function defaultStore(): TuningStore {
  if (typeof indexedDB !== 'undefined') return indexedDBStore();
  return nodeModule('node:fs') ? fileStore() : memoryStore();
}
