import { NoCreateIfAbsent } from './errors.ts';
import type { ObjectKey, ObjectStore } from './object-store.ts';

export interface ProbeResult {
  /** 'created': the object is ours (also when a lost reply made our own put look like somebody's). 'exists': somebody else's bytes were there first. */
  outcome: 'created' | 'exists';
  /** What is stored under the key. */
  bytes: Uint8Array;
}

/**
 * Stores `bytes` under `key` and proves on the way that the store honours create-if-absent: the object is put twice with different bytes, the
 * second put must be refused and reading must give the first (REPOSITORY.md section 1). On a store that fails, the object is left damaged.
 * @throws NoCreateIfAbsent, and what createIfAbsent and read throw.
 */
export async function probeCreateIfAbsent(
  store: ObjectStore,
  key: ObjectKey,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<ProbeResult> {
  const first = await store.createIfAbsent(key, bytes, signal);
  const stored = await store.read(key, undefined, signal);
  const ours = Buffer.compare(stored, bytes) === 0;
  if (first === 'created' && !ours) throw new NoCreateIfAbsent(store.uri);
  const second = await store.createIfAbsent(key, different(bytes), signal);
  const after = await store.read(key, undefined, signal);
  if (second !== 'exists' || Buffer.compare(after, stored) !== 0) throw new NoCreateIfAbsent(store.uri);
  return { outcome: ours ? 'created' : 'exists', bytes: stored };
}

/** Bytes that no reader takes for the object: one byte longer, and not the object's start. */
function different(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.of((bytes[0] ?? 0) ^ 0xff), bytes]);
}
