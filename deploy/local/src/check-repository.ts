import { type Config, readPassphrase } from '@dr/config';
import { openRepository } from '@dr/repository';
import { openStore } from '@dr/storage';
import { StartError } from './start-error.ts';

/** There is none yet, or not where it is looked for: the first backup makes it. */
const ABSENT = ['store.missing', 'repository.missing'];

/** Nothing that the services could do would help. */
const FATAL: Readonly<Record<string, string>> = {
  'keys.wrong_passphrase': 'local.wrong_passphrase',
  'keys.passphrase_needed': 'local.wrong_passphrase',
  'keys.bad_passphrase': 'local.wrong_passphrase',
};

/**
 * Opens an existing repository once, for reading, as the services will. @returns why it cannot be opened, when that may mend itself (a disk that is away).
 * @throws StartError for a passphrase that does not open it: a house that starts all the same would look well and back up nothing.
 */
export async function checkRepository(config: Config, now: () => number): Promise<string | undefined> {
  try {
    const store = await openStore(config.repository.uri, { mode: 'read' });
    try {
      const unlock = { passphrase: () => readPassphrase(config.passphrase) };
      await (await openRepository(store, { unlock, mode: 'read', now })).close();
      return undefined;
    } finally {
      await store.close();
    }
  } catch (error) {
    const { code = '', message } = error as { code?: string; message: string };
    if (ABSENT.includes(code)) return undefined;
    if (!Object.hasOwn(FATAL, code)) return message;
    throw new StartError(FATAL[code]!, `${message} Nothing was started: no backup could be made or restored.`);
  }
}
