/** Choices of `tune` in a page or worker: one IndexedDB database, one record for each adapter. */
import { checkArguments, string } from '../core/arguments.ts';
import { StateError } from '../core/errors.ts';
import { checkedStore } from './checked-store.ts';
import type { TuningStore } from './checked-store.ts';

const storeName = 'kernels';

/**
 * Choices in IndexedDB, which pages of one origin share.
 *
 * @param name of the database
 * @throws StateError, when it is read or written, where there is no IndexedDB or the database is of something else
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

/** Opens the database for one request, and closes it, so that no page keeps another from deleting it. */
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
