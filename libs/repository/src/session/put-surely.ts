import { setTimeout as sleep } from 'node:timers/promises';
import { type ObjectKey, type ObjectStore, StoreUnavailable } from '@dr/storage';
import { Damaged } from '../errors.ts';

const TRIES = 3;
const PAUSE_MS = 50;

/**
 * Stores an object whose name is the digest of its bytes. 'Exists' is success when the size is right: an earlier try of ours whose reply was lost.
 * @throws Damaged when a torn object lies under the name; what the store throws after some tries.
 */
export async function putByContent(store: ObjectStore, key: ObjectKey, bytes: Uint8Array): Promise<void> {
  if ((await putSurely(store, key, bytes)) === 'created') return;
  const found = await store.stat(key);
  if (found?.size !== bytes.length) {
    throw new Damaged(key, `the store has ${found?.size ?? 'no'} bytes under this name instead of ${bytes.length}, so a write was torn`);
  }
}

/** createIfAbsent, again when the store does not answer: safe, because every writer's bytes differ. */
export async function putSurely(store: ObjectStore, key: ObjectKey, bytes: Uint8Array): Promise<'created' | 'exists'> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await store.createIfAbsent(key, bytes);
    } catch (cause) {
      if (!(cause instanceof StoreUnavailable) || attempt === TRIES) throw cause;
      await sleep(PAUSE_MS * 4 ** attempt);
    }
  }
}
