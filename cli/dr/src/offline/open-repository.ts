import { resolve } from 'node:path';
import { passphraseSource, readPassphrase } from '@dr/config/passphrase';
import { openRepository, type Repository } from '@dr/repository';
import { type ObjectStore, openStore, parseStoreLocation } from '@dr/storage';
import type { Machine } from '../context.ts';
import { UsageError } from '../errors.ts';
import type { Globals } from '../verb/globals.ts';

export interface OfflineRepository {
  readonly repository: Repository;
  close(): Promise<void>;
}

/**
 * Opens the repository of --repo for reading; nothing is ever written there. @param needsThreads all that is there will be read: the engine's threads start beside the
 * derivation of the keys. @throws what the store, the keys and the repository throw.
 */
export async function openOffline(machine: Machine, globals: Globals, home: string, needsThreads = false): Promise<OfflineRepository> {
  const location = globals.repo!.includes('://')
    ? parseStoreLocation(globals.repo!)
    : { scheme: 'file', address: absolute(machine, globals.repo!) };
  const store = await openStore(location, { mode: 'read' });
  try {
    const unlock = unlockWith(machine, globals, { home, repository: location.address });
    const ahead = needsThreads ? (expect: (bytes: number) => void) => expect(Number.POSITIVE_INFINITY) : undefined;
    const repository = await openRepository(store, { unlock, mode: 'read', now: machine.now, ahead });
    return { repository, close: () => closeBoth(repository, store) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function closeBoth(repository: Repository, store: ObjectStore): Promise<void> {
  await repository.close();
  await store.close();
}

const absolute = ({ folder }: Machine, path: string): string => resolve(folder, path);

/** --passphrase-file, else the one of BACKUP_PASSPHRASE, _FILE, _COMMAND that is set, else the file a local house made for its own repository. */
function unlockWith(
  { env }: Machine,
  { passphraseFile }: Globals,
  where: { home: string; repository: string },
): { passphrase?: () => Promise<string> } {
  const values = {
    value: env['BACKUP_PASSPHRASE'],
    file: passphraseFile ?? env['BACKUP_PASSPHRASE_FILE'],
    command: env['BACKUP_PASSPHRASE_COMMAND'],
  };
  const problems: { key: string; message: string }[] = [];
  const source = passphraseSource(values, { ...where, fileByFlag: passphraseFile !== undefined, problems });
  if (problems.length > 0) throw new UsageError(problems.map(({ key, message }) => `${key}: ${message}.`).join(' '));
  return source.kind === 'missing' ? {} : { passphrase: () => readPassphrase(source, { env }) };
}
