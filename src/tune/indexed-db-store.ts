/** Choices of `tune` in a page or worker: one IndexedDB database, one record for each adapter. */
import { checkArguments, string } from '../core/arguments.ts';
import type { TuningStore } from './store.ts';

const storeName = 'kernels';

/**
 * Choices in IndexedDB, which pages of one origin share.
 *
 * @param name of the database
 */
export function indexedDBStore(name = 'gradlet-tuning'): TuningStore {
  checkArguments('indexedDBStore', arguments, { name: string });
  return {
    read: (adapter) => withStore(name, 'readonly', (store) => store.get(adapter)),
    write: async (adapter, record) => {
      await withStore(name, 'readwrite', (store) => store.put(record, adapter));
    },
  };
}

/** Opens the database for one request, and closes it, so that no page keeps another from deleting it. */
async function withStore(
  name: string,
  mode: IDBTransactionMode,
  ask: (store: IDBObjectStore) => IDBRequest,
): Promise<unknown> {
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
