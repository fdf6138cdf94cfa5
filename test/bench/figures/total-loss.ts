import { setTimeout as pause } from 'node:timers/promises';
import { makeLostRepository, PASSPHRASE } from './lost-repository.ts';

export interface TotalLossFigures {
  readonly backups: number;
  readonly events: number;
  /** From the start of an empty house on the repository until its catalog shows every backup. */
  readonly seconds: number;
}

/** What this needs of a house (test/e2e/support). */
export interface StartedHouse {
  call(method: string, path: string): Promise<{ status: number; body: Record<string, unknown> }>;
  stop(): Promise<void>;
}

export interface TotalLoss {
  /** Where the repository goes that is all that is left. */
  readonly repository: string;
  readonly backups: number;
  /** Starts an empty house with these settings. */
  readonly start: (settings: Record<string, string>) => Promise<StartedHouse>;
  readonly secondsMax?: number;
}

/**
 * State directory and database are gone, the repository and the passphrase are there: a house is started on nothing, takes the log out of the
 * repository and builds its views from it.
 */
export async function measureTotalLoss({ repository, backups, start, secondsMax = 900 }: TotalLoss): Promise<TotalLossFigures> {
  const events = await makeLostRepository(repository, backups);
  const begin = performance.now();
  const house = await start({ BACKUP_PATH: repository, BACKUP_PASSPHRASE: PASSPHRASE });
  try {
    const elapsed = () => (performance.now() - begin) / 1000;
    for (let shown = await countOf(house); shown !== backups; shown = await countOf(house)) {
      if (elapsed() > secondsMax) throw new Error(`After ${secondsMax} s the catalog shows ${shown} of ${backups} backups`);
      await pause(100);
    }
    return { backups, events, seconds: elapsed() };
  } finally {
    await house.stop();
  }
}

async function countOf(house: StartedHouse): Promise<number | undefined> {
  const { status, body } = await house.call('GET', '/api/v1/admin/backups/stats').catch(() => ({ status: 503, body: {} }) as const);
  return status === 200 ? (body as { total_backups?: number }).total_backups : undefined;
}
