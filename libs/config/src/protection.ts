import { join } from 'node:path';

/** Whether the key of a repository is protected. `unknown`: there is one, and its description cannot be read from here. */
export type Protection = 'absent' | 'encrypted' | 'plain' | 'unknown';

/** Looks into the description of a repository in a folder. Opening it checks what this only believes. */
export function protectionOf(repository: string, readFile: (path: string) => string): Protection {
  try {
    const { encryption } = JSON.parse(readFile(join(repository, 'repository.json'))) as { encryption?: unknown };
    return typeof encryption === 'boolean' ? (encryption ? 'encrypted' : 'plain') : 'unknown';
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code)) ? 'absent' : 'unknown';
  }
}

/** Whether opening (or making) the repository takes a passphrase: an existing one tells by itself, whatever is configured now. */
export const passphraseNeeded = (protection: Protection, encryption: boolean): boolean =>
  protection === 'absent' ? encryption : protection !== 'plain';

interface Asked {
  readonly repository: string;
  /** BACKUP_ENCRYPTION. */
  readonly encryption: boolean;
  /** The key under which somebody gave it, if anybody did. */
  readonly key: string | undefined;
}

/** At every start: that the store is readable by whoever reads it, and that encryption is decided when a repository is made. */
export function protectionWarnings(protection: Protection, { repository, encryption, key }: Asked): string[] {
  const decided = 'that is decided when a repository is made. To change it, make a new repository with another BACKUP_PATH';
  if (protection === 'absent') {
    return encryption ? [] : [`${key} is false: whoever reads the new repository in ${repository} reads the data.`];
  }
  if (protection === 'plain') {
    const vain = encryption && key !== undefined ? ` ${key} is true, but ${decided}.` : '';
    return [`The repository in ${repository} is not encrypted: whoever reads it reads the data.${vain}`];
  }
  return protection === 'encrypted' && !encryption
    ? [`${key} is false, but the repository in ${repository} is encrypted; ${decided}.`]
    : [];
}
