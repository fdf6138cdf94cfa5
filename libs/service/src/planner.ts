import type { LoggedEvent, Queryable } from '@dr/event-store';
import type { NewJob } from '@dr/jobs';
import { type IsPast, pastOf } from './ended-operations.ts';
import type { ServiceHealth } from './health.ts';
import { type House, nudgeSequencer } from './house.ts';
import { startProcessor } from './processors.ts';

export interface PlannerSetting {
  name: string;
  version: number;
  /** What follows from one event, inside the transaction that moves the checkpoint. @returns the jobs that were queued. */
  plan: (tx: Queryable, event: LoggedEvent, isPast: IsPast) => Promise<NewJob[]>;
}

/** A process manager: events in, jobs and events out. Workers are woken after COMMIT. Ended by the function returned. */
export function startPlanner(house: House, health: ServiceHealth, { name, version, plan }: PlannerSetting): () => Promise<void> {
  return startProcessor(house, health, {
    name,
    version,
    handle: async (tx, events) => {
      const jobs: NewJob[] = [];
      const isPast = await pastOf(tx, events);
      for (const event of events) jobs.push(...(await plan(tx, event, isPast)));
      return async () => {
        nudgeSequencer(house);
        await house.queue.announce(jobs);
      };
    },
  });
}
