import { type RestoreDataset, type RestoreState, restoreDecider } from '@dr/domain';
import { changed, type LoggedEvent, type Queryable } from '@dr/event-store';
import type { NewJob } from '@dr/jobs';
import type { HooksPayload } from '../after-restore/run-hooks.ts';
import { follow } from './follow.ts';
import type { Planner, RestorePayload } from './plan-restore.ts';
import { type BusyTarget, freeTargets, takeTargets } from './targets.ts';

type Requested = Extract<LoggedEvent, { type: 'RestoreRequested' }>;

/** One job per data set; those that go to the place of another open restore fail at once. */
export async function planDatasets(planner: Planner, tx: Queryable, event: Requested): Promise<NewJob[]> {
  const { restoreId, datasets } = event.data;
  const { state } = await planner.store.load(event.stream, restoreDecider, tx);
  if ('ended' in state) return []; // an old request is read again; what it put in place is not put there again
  const sql = 'INSERT INTO restore_plans (restore_id, expected) VALUES ($1, $2) ON CONFLICT DO NOTHING';
  await tx.query(sql, [restoreId, datasets.length]);
  if (isCancelledEarly(state)) return end(planner, tx, event, restoreId);
  await planner.store.decide(event.stream, restoreDecider, { kind: 'start' }, follow(event, `start-${restoreId}`, tx));
  const busy = await takeTargets(tx, event.data);
  for (const { n, to } of datasets) if (busy.has(n)) await refuseBusy(planner, tx, event, { n, to, by: busy.get(n)! });
  return planner.queue.enqueue(
    tx,
    datasets.filter(({ n }) => !busy.has(n)).map((dataset) => jobOf(event, dataset)),
  );
}

/** A cancel came before anything was queued. */
const isCancelledEarly = (state: RestoreState): boolean => state.status === 'pending' && state.cancelRequestedBy !== undefined;

function jobOf({ data, meta }: Requested, dataset: RestoreDataset): NewJob<RestorePayload> {
  const { restoreId, backupId, tenant, targetTenant, options } = data;
  return {
    jobId: `restore-${restoreId}-${dataset.n}`,
    kind: 'restore',
    tenant,
    operationId: restoreId,
    payload: { restoreId, backupId, targetTenant, dataset, options, traceparent: meta.traceparent },
  };
}

async function refuseBusy(planner: Planner, tx: Queryable, event: Requested, { n, to, by }: { n: number; to: string; by: BusyTarget }) {
  const { restoreId, targetTenant } = event.data;
  const message = `${targetTenant}/${to} is the place of restore ${by.restoreId}, which has not ended; nothing was changed. Wait for it or cancel it, then restore again.`;
  const command = { kind: 'recordFailed', n, code: 'restore.target_busy', message } as const;
  await planner.store.decide(event.stream, restoreDecider, command, follow(event, `busy-${restoreId}-${n}`, tx));
}

const restoreOf = ({ stream }: LoggedEvent): string => stream.slice('restore-'.length);

/** The last result ends the restore. */
export async function countDataset(planner: Planner, tx: Queryable, event: LoggedEvent): Promise<NewJob[]> {
  const sql = 'UPDATE restore_plans SET ended = ended + 1 WHERE restore_id = $1 RETURNING expected, ended';
  const [plan] = await changed<{ expected: number; ended: number }>(tx, sql, [restoreOf(event)]);
  return plan && plan.ended >= plan.expected ? runHooksOrEnd(planner, tx, event, restoreOf(event)) : [];
}

/**
 * Jobs that nobody ever began are withdrawn. Workers that are at it see `cancelled`, undo what they staged and record it; the job of a
 * worker that died is taken over for that.
 */
export async function cancelRestore(planner: Planner, tx: Queryable, event: LoggedEvent): Promise<NewJob[]> {
  const restoreId = restoreOf(event);
  const withdrawn = await planner.queue.withdrawUntouched(tx, restoreId, 'a cancel was requested');
  const sql = 'UPDATE restore_plans SET cancelled = true, ended = ended + $2 WHERE restore_id = $1 RETURNING expected, ended';
  const [plan] = await changed<{ expected: number; ended: number }>(tx, sql, [restoreId, withdrawn.length]);
  return plan && plan.ended >= plan.expected ? end(planner, tx, event, restoreId) : [];
}

/** Hooks run when something was put in its place; the job that runs them ends the restore. */
async function runHooksOrEnd(planner: Planner, tx: Queryable, event: LoggedEvent, restoreId: string): Promise<NewJob[]> {
  const { state } = await planner.store.load(event.stream, restoreDecider, tx);
  const isDue = planner.hasHooks && state.status === 'swapping' && [...state.results.values()].some(({ ok }) => ok);
  if (!isDue) return end(planner, tx, event, restoreId);
  const { tenant, traceparent } = event.meta;
  const payload: HooksPayload = { restoreId, traceparent };
  return planner.queue.enqueue(tx, [{ jobId: `hooks-${restoreId}`, kind: 'restore-hooks', tenant, operationId: restoreId, payload }]);
}

async function end(planner: Planner, tx: Queryable, event: LoggedEvent, restoreId: string): Promise<NewJob[]> {
  await planner.store.decide(event.stream, restoreDecider, { kind: 'end' }, follow(event, `end-${restoreId}`, tx));
  await freeTargets(tx, restoreId);
  return [];
}
