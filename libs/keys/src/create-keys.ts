import { randomBytes } from 'node:crypto';
import type { ObjectStore } from '@dr/storage';
import { BadPassphrase } from './errors.ts';
import { MASTER_KEY_BYTES, readWrapHeader, wrapUnprotected, wrapWithPassphrase } from './format/master-wrap.ts';
import { NONCE_BYTES } from './format/seal.ts';
import { KDF_DEFAULT, type KdfParameters, SALT_BYTES } from './kdf.ts';
import type { KeyRing, Unlock } from './key-ring.ts';
import { openMasters } from './open-masters.ts';
import { OpenedRing } from './opened-ring.ts';
import { KEY_FOLDERS, listCopies, readCopies, writeCopies } from './two-copies.ts';

export interface CreateKeysOptions {
  /** 32 hex digits. */
  repositoryId: string;
  unlock: Unlock;
  /** false: the master key is stored in clear. Default true. */
  encryption?: boolean;
  /** Cost of the passphrase wrap; tests take a cheap one. */
  kdf?: KdfParameters;
  /** Source of random bytes; only golden tests give one. */
  random?: (bytes: number) => Uint8Array;
}

export interface OpenKeysOptions {
  /** 32 hex digits, from `repository.json`; without it the keys' own word is taken. */
  repositoryId?: string;
  unlock: Unlock;
}

/**
 * Makes the first master key of a repository, or, where another process (or an earlier try that died) already has, opens that one: use the returned
 * ring's `repositoryId`, which is the winner's.
 * @throws PassphraseNeeded, BadPassphrase, WrongPassphrase (the winner had another one), and what the store throws.
 */
export async function createKeys(store: ObjectStore, options: CreateKeysOptions): Promise<KeyRing> {
  const random = options.random ?? randomBytes;
  const { encryption = true } = options;
  const unlock = askOnce(options.unlock);
  const existing = await listCopies(store, 'm/');
  if (existing.size === 0) await writeFirstWrap(store, { ...options, unlock, random, encryption });
  const masters = await openMasters(store, unlock);
  await completeWraps(store);
  return new OpenedRing(store, masters, random);
}

/** Opens the keys of a repository. @throws KeysMissing, WrongPassphrase, PassphraseNeeded, KeyDamaged, KeyFormatTooNew, KeyForeign, NoUsableWrap. */
export async function openKeys(store: ObjectStore, { repositoryId, unlock }: OpenKeysOptions): Promise<KeyRing> {
  return new OpenedRing(store, await openMasters(store, unlock, repositoryId), randomBytes);
}

type FirstWrap = CreateKeysOptions & { random: (bytes: number) => Uint8Array; encryption: boolean };

async function writeFirstWrap(store: ObjectStore, options: FirstWrap): Promise<void> {
  const masters = [options.random(MASTER_KEY_BYTES)];
  if (!options.encryption) {
    await writeCopies(store, 'm/1-unprotected', wrapUnprotected({ repositoryId: options.repositoryId, masters }));
    return;
  }
  const passphrase = await options.unlock.passphrase?.();
  if (passphrase === undefined) throw new BadPassphrase('none was given, and a new repository is protected by one');
  const [salt, nonce] = [options.random(SALT_BYTES), options.random(NONCE_BYTES)];
  const wrap = { repositoryId: options.repositoryId, masters, passphrase, kdf: options.kdf ?? KDF_DEFAULT, salt, nonce };
  await writeCopies(store, 'm/1-passphrase', await wrapWithPassphrase(wrap));
}

/** Every wrap in both folders; what is damaged is not copied. */
async function completeWraps(store: ObjectStore): Promise<void> {
  for (const [name, folders] of await listCopies(store, 'm/')) {
    if (folders.length === KEY_FOLDERS.length) continue;
    const { value } = await readCopies(store, name, (bytes) => readWrapHeader(bytes) && bytes);
    if (value) for (const folder of KEY_FOLDERS) await store.createIfAbsent(`${folder}/${name}`, value);
  }
}

function askOnce({ passphrase }: Unlock): Unlock {
  let answer: Promise<string> | undefined;
  return passphrase ? { passphrase: () => (answer ??= passphrase()) } : {};
}
