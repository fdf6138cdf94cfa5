import { forgetCommands } from '@dr/event-store';
import type { House } from './house.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Rows that coordinate and are not the truth. docs/operations/work-in-progress.md tells these times. */
export const KEPT_MS = { endedJobs: 7 * DAY_MS, commandIds: 30 * DAY_MS };

/** A step deletes at most so many rows at a time, so that nobody waits long for it; as long as it is full there may be more. */
export const FORGOTTEN_AT_ONCE = 10_000;

/** Deletes a page of old rows. @returns how many */
export type ForgetStep = () => Promise<number>;

/** Forgets ended jobs and old command ids, now and every hour. Several processes may do it at once. Ended by the function returned. */
export function startHousekeeping({ queue, database, log }: House, everyMs = HOUR_MS): () => Promise<void> {
  const steps = [() => queue.forgetEnded(KEPT_MS.endedJobs), () => forgetCommands(database, KEPT_MS.commandIds)];
  return startForgetting(log, steps, everyMs);
}

/** Takes the steps, now and every hour, each until it finds less than a page. */
export function startForgetting(log: House['log'], steps: readonly ForgetStep[], everyMs = HOUR_MS): () => Promise<void> {
  const stopping = new AbortController();
  let round = Promise.resolve();
  const next = () => {
    round = round.then(() => forgetOld(steps, stopping.signal)).catch((error: unknown) => log.warn({ err: error }, 'housekeeping failed'));
  };
  const timer = setInterval(next, everyMs);
  next();
  return async () => {
    clearInterval(timer);
    stopping.abort();
    await round;
  };
}

async function forgetOld(steps: readonly ForgetStep[], signal: AbortSignal): Promise<void> {
  for (const step of steps) while (!signal.aborted && (await step()) === FORGOTTEN_AT_ONCE);
}
