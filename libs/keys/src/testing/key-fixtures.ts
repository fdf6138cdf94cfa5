import { createHash } from 'node:crypto';
import type { ObjectStore } from '@dr/storage';
import { MemoryStore } from '@dr/storage/faults';
import { createKeys, type KdfParameters, type KeyRing, openKeys, type Unlock } from '../index.ts';

export const REPOSITORY_ID = '0123456789abcdef0123456789abcdef';
export const PASSPHRASE = 'correct horse battery staple';

/** The least argon2id takes: milliseconds instead of a fifth of a second. */
export const CHEAP: KdfParameters = { memoryKiB: 8, passes: 1, parallelism: 1 };

export const withPassphrase = (passphrase = PASSPHRASE): Unlock => ({ passphrase: async () => passphrase });

/** "Random" bytes that every run draws alike: SHA-256 of a counter. */
export function countedRandom(): (bytes: number) => Uint8Array {
  let drawn = 0;
  return (bytes) => createHash('sha256').update(`random ${drawn++}`).digest().subarray(0, bytes);
}

export interface KeysUnderTest {
  store: MemoryStore;
  ring: KeyRing;
  /** Opens the same keys anew, as another process would. */
  reopen: (unlock?: Unlock) => Promise<KeyRing>;
}

/** A store with fresh keys and these tenants. */
export async function keysWith(tenants: string[] = [], { encryption = true } = {}): Promise<KeysUnderTest> {
  const store = new MemoryStore();
  const ring = await newKeys(store, { encryption });
  for (const tenant of tenants) await ring.tenantKeys(tenant, { create: true });
  return { store, ring, reopen: (unlock = withPassphrase()) => openKeys(store, { repositoryId: ring.repositoryId, unlock }) };
}

export function newKeys(
  store: ObjectStore,
  { encryption = true, repositoryId = REPOSITORY_ID, passphrase = PASSPHRASE } = {},
): Promise<KeyRing> {
  return createKeys(store, { repositoryId, unlock: withPassphrase(passphrase), encryption, kdf: CHEAP });
}

/** Changes an object behind everybody's back. */
export function tamper(store: MemoryStore, key: string, change: (bytes: Buffer) => Uint8Array): void {
  const found = store.objects.get(key);
  if (!found) throw new Error(`no object ${key}`);
  store.objects.set(key, { ...found, bytes: change(Buffer.from(found.bytes)) });
}
