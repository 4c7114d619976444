/** Large things that a person brought or made, kept in the browser's database between visits. Where there is none, the studio works without. */
const NAME = 'chainrule-studio';
const STORE = 'kept';

function database(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function within<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const opened = await database();
  try {
    return await new Promise((resolve, reject) => {
      const request = work(opened.transaction(STORE, mode).objectStore(STORE));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  } finally {
    opened.close();
  }
}

/** Anything that can be cloned. False where it could not be kept. */
export async function keepFile(key: string, value: unknown): Promise<boolean> {
  try {
    await within('readwrite', store => store.put(value, key));
    return true;
  } catch {
    return false;
  }
}

/** What was kept; undefined where nothing was. */
export async function keptFile(key: string): Promise<unknown> {
  try {
    return await within('readonly', store => store.get(key));
  } catch {
    return undefined;
  }
}
