import { forgetCommands } from '@dr/event-store';
import type { House } from './house.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Rows that coordinate and are not the truth. docs/operations/work-in-progress.md tells these times. */
export const KEPT_MS = { endedJobs: 7 * DAY_MS, commandIds: 30 * DAY_MS };

/** Deletes at most so many rows at a time; as long as it is full there may be more. */
const PAGE = 10_000;

/** Forgets ended jobs and old command ids, now and every hour. Several processes may do it at once. Ended by the function returned. */
export function startHousekeeping(house: House, everyMs = HOUR_MS): () => Promise<void> {
  const stopping = new AbortController();
  let round = Promise.resolve();
  const next = () => {
    round = round
      .then(() => forgetOld(house, stopping.signal))
      .catch((error: unknown) => house.log.warn({ err: error }, 'housekeeping failed'));
  };
  const timer = setInterval(next, everyMs);
  next();
  return async () => {
    clearInterval(timer);
    stopping.abort();
    await round;
  };
}

async function forgetOld({ queue, database }: House, signal: AbortSignal): Promise<void> {
  const steps = [() => queue.forgetEnded(KEPT_MS.endedJobs), () => forgetCommands(database, KEPT_MS.commandIds)];
  for (const step of steps) while (!signal.aborted && (await step()) === PAGE);
}
