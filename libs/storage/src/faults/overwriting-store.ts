import type { ObjectKey, ObjectStore } from '../object-store.ts';

/** A store that ignores create-if-absent, as Garage does: every put says 'created' and replaces what was there. */
export function overwritingStore(inner: ObjectStore): ObjectStore {
  const createIfAbsent = async (
    key: ObjectKey,
    bytes: Uint8Array | readonly Uint8Array[],
    signal?: AbortSignal,
  ): Promise<'created' | 'exists'> => {
    await inner.delete(key);
    return inner.createIfAbsent(key, bytes, signal);
  };
  return {
    uri: inner.uri,
    createIfAbsent,
    read: (key, range, signal) => inner.read(key, range, signal),
    stat: (key, signal) => inner.stat(key, signal),
    list: (prefix, after) => inner.list(prefix, after),
    delete: (key) => inner.delete(key),
    close: () => inner.close(),
  };
}
