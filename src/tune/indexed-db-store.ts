/** Stores tuning results in a page or worker: one IndexedDB database with one record for each adapter. */
import { checkArguments, string } from '../core/arguments.ts';
import { StateError } from '../core/errors.ts';
import { checkedStore } from './checked-store.ts';
import type { TuningStore } from './checked-store.ts';

const storeName = 'kernels';

/**
 * Creates a store in IndexedDB, which pages of the same origin share. Its methods reject with `StateError` if IndexedDB does not
 * exist or the database has another schema.
 *
 * @param name name of the database. Default `gradlet-tuning`.
 * @example
 * await tune(engine, undefined, { store: indexedDBStore('my-app-tuning') });
 */
export function indexedDBStore(name = 'gradlet-tuning'): TuningStore {
  checkArguments('indexedDBStore', arguments, { name: string });
  return checkedStore('indexedDBStore', {
    read: (adapter) => withStore(name, 'readonly', (store) => store.get(adapter)),
    write: async (adapter, record) => {
      await withStore(name, 'readwrite', (store) => store.put(record, adapter));
    },
  });
}

/** Opens the database for one request and closes it, because an open connection would prevent other pages from deleting it. */
async function withStore(
  name: string,
  mode: IDBTransactionMode,
  ask: (store: IDBObjectStore) => IDBRequest,
): Promise<unknown> {
  if (typeof indexedDB === 'undefined')
    throw new StateError('indexedDBStore: there is no IndexedDB here: use fileStore()');
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(storeName);
  const database = await resultOf(opening);
  try {
    const transaction = database.transaction(storeName, mode);
    const request = ask(transaction.objectStore(storeName));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error('the transaction was aborted'));
    });
    return request.result;
  } finally {
    database.close();
  }
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error!);
  });
}
