import { query, subjectOf } from '@dr/messaging';
import type { House } from '../house.ts';

/** The catalog's answer: whether somebody has the log in hand that was compared with its copy. */
export interface LogReadiness {
  readonly ready: boolean;
  /** Why not, for whoever waits. */
  readonly reason?: string;
}

export const LOG_READINESS = subjectOf.query('catalog', 'log-readiness');

const ASK_EVERY_MS = 250;
const TELL_EVERY_MS = 15_000;

/**
 * Waits until the catalog has compared the log with the repository, so that nothing is written into a log that is not the newest one. However long that
 * takes: a total loss is being repaired, or somebody must say what is to happen, and the log of this service says which.
 */
export async function requireComparedLog({ bus, log, now }: Pick<House, 'bus' | 'log' | 'now'>): Promise<void> {
  let told = now();
  for (;;) {
    const { ready, reason } = await query<LogReadiness>(bus, LOG_READINESS, {}, { timeoutMs: 2_000 }).catch(
      (error: unknown): LogReadiness => ({ ready: false, reason: (error as Error).message }),
    );
    if (ready) return;
    if (now() - told > TELL_EVERY_MS) {
      told = now();
      log.warn({ reason }, 'waiting for the catalog to compare the event log with the repository');
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}
