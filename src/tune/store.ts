/**
 * Where the choices of `tune` outlive the program: by the adapter's name and by the format's version. Whatever else lies in a
 * store, old or foreign or damaged, is passed over: the worst that a wrong entry can do is a slower kernel.
 */
import { checkCount } from '../core/arguments.ts';
import { fileStore } from './file-store.ts';
import { indexedDBStore } from './indexed-db-store.ts';
import { nodeModule } from '../core/node-module.ts';

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

/** Goes up when kernels have changed so much that they are to be measured anew. */
export const tuningFormat = 2;

/** Products that a record remembers: the latest. */
const mostKernels = 1000;

export function tuningRecord(adapter: string, kernels: Readonly<Record<string, string>>): TuningRecord {
  const latest = Object.entries(kernels).slice(-mostKernels);
  return { format: tuningFormat, adapter, kernels: Object.fromEntries(latest) };
}

/** The choices of a record of this adapter and format; none of any other value. */
export function kernelsOf(value: unknown, adapter: string): Record<string, string> {
  const { format, adapter: from, kernels } = (value ?? {}) as Partial<Record<keyof TuningRecord, unknown>>;
  if (format !== tuningFormat || from !== adapter || typeof kernels !== 'object') return {};
  // A key of one word would mean all steps of an op.
  const entries = Object.entries(kernels ?? {}).filter(([key, name]) => key.includes(' ') && typeof name === 'string');
  return Object.fromEntries(entries) as Record<string, string>;
}

/** Keeps the records for as long as the store itself. */
export function memoryStore(): TuningStore {
  checkCount('memoryStore', arguments);
  const records = new Map<string, TuningRecord>();
  return {
    read: (adapter) => Promise.resolve(records.get(adapter)),
    write: (adapter, record) => {
      records.set(adapter, record);
      return Promise.resolve();
    },
  };
}

/** IndexedDB in pages and workers, a file in Node, memory where there is neither. */
export function defaultStore(): TuningStore {
  if (typeof indexedDB !== 'undefined') return indexedDBStore();
  return nodeModule('node:fs') ? fileStore() : memoryStore();
}
