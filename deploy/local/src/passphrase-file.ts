import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Protection, passphraseNeeded } from '@dr/config';
import { secretFile } from './secret-file.ts';
import { StartError } from './start-error.ts';

/** The part of the configuration that decides it. */
export interface PassphraseQuestion {
  home: string;
  repositoryPath: string;
  /** What is there already; an existing repository tells by itself whether it takes a passphrase. */
  protection: Protection;
  /** What a new one is to be. */
  encryption: boolean;
  /** `home`: DR_HOME/passphrase is meant; every other kind is somebody else's business. */
  source: { kind: string; path?: string };
}

const words = `# This is the passphrase of the backup repository. Without it NOTHING can be restored, by nobody.
# Copy this file to a safe place that is not on this machine (a password manager, paper in a safe).
# It is the last line; lines that begin with # are for people and do not belong to it.
`;

/**
 * Makes DR_HOME/passphrase for a new local repository under DR_HOME. An existing repository never gets a new one.
 * @returns the file when it was made just now.
 * @throws StartError when the file of an existing repository is gone.
 */
export function ensurePassphrase({ home, repositoryPath, protection, encryption, source }: PassphraseQuestion): string | undefined {
  if (source.kind !== 'home' || !passphraseNeeded(protection, encryption)) return undefined;
  const file = source.path ?? join(home, 'passphrase');
  if (existsSync(file)) return undefined;
  if (protection !== 'absent') {
    throw new StartError(
      'local.passphrase_gone',
      `The repository in ${repositoryPath} exists, but its passphrase in ${file} is gone, and nothing else opens it. Put your copy back there (mode 600), or set BACKUP_PASSPHRASE_FILE, BACKUP_PASSPHRASE or BACKUP_PASSPHRASE_COMMAND.`,
    );
  }
  secretFile(file, () => `${words}${newPassphrase()}\n`);
  return file;
}

/** 160 random bits in groups that can be read out and typed: letters and digits without 0, 1, l, o. */
function newPassphrase(): string {
  const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';
  const letters = Array.from(randomBytes(32), (byte) => alphabet[byte % 32]!).join('');
  return letters.match(/.{4}/g)!.join('-');
}
