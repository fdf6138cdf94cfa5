import { query, subjectOf } from '@dr/messaging';
import type { House } from '../house.ts';
import { LogRefused } from './errors.ts';

/** The catalog's answer: whether somebody has the log in hand that was compared with its copy. */
export interface LogReadiness {
  readonly ready: boolean;
  /** Why not, for whoever waits. */
  readonly reason?: string;
  /** Events come back from the repository: it takes as long as it takes. */
  readonly working?: boolean;
  /** Waiting does not help. */
  readonly refused?: boolean;
}

export const LOG_READINESS = subjectOf.query('catalog', 'log-readiness');

const ASK_EVERY_MS = 250;
const TELL_EVERY_MS = 5_000;

/**
 * Waits until the catalog has compared the log with the repository, so that nothing is written into a log that is not the newest one. However long that
 * takes: a total loss is being repaired, or the repository is away, and the log of this service says which (`still_starting` keeps the supervisor
 * patient). @throws LogRefused when waiting does not help
 */
export async function requireComparedLog({ bus, log, now }: Pick<House, 'bus' | 'log' | 'now'>): Promise<void> {
  let told = now();
  for (;;) {
    const { ready, reason, working, refused } = await query<LogReadiness>(bus, LOG_READINESS, {}, { timeoutMs: 2_000 }).catch(
      (error: unknown): LogReadiness => ({ ready: false, reason: (error as Error).message }),
    );
    if (ready) return;
    if (refused) throw new LogRefused(reason ?? '');
    if (now() - told > TELL_EVERY_MS) {
      told = now();
      log.warn(
        { reason, ...(working && { still_starting: true }) },
        'waiting for the catalog to compare the event log with the repository',
      );
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}
