import { streamOf } from '@dr/domain';
import { type Queryable, rows } from '@dr/event-store';
import type { NewJob } from '@dr/jobs';
import type { Decision, TenantRepository } from '@dr/repository';
import type { House, RepositoryAccess } from '@dr/service';
import type { SealPayload } from '../plan-backup/plan-backup.ts';
import { recordDecision } from '../seal-backup/record-decision.ts';

export interface Recovered {
  /** Backups that were decided in storage, and whose end was missing in the log: it is recorded now. */
  recorded: string[];
  /** Decided in storage, and unknown to the log. */
  unknown: string[];
  /** Unfinished backups that nobody worked on any more: they are sealed with what they have. */
  resumed: string[];
}

type On = Pick<House, 'store' | 'bus' | 'database' | 'queue' | 'newId'>;

/**
 * Compares storage with the log. An end that was decided but not recorded (the database was set back, or an event was lost) is recorded
 * from the decision object; a backup whose jobs were lost gets one that decides it. Safe to run at any time and in several processes.
 */
export async function recoverBackups(house: On, repository: Pick<RepositoryAccess, 'open'>, signal?: AbortSignal): Promise<Recovered> {
  const recovered: Recovered = { recorded: [], unknown: [], resumed: await resumeAbandoned(house) };
  if (!(await hasPlannedAny(house.database))) return recovered;
  const opened = await repository.open();
  for (const name of await opened.tenants()) {
    for await (const decisions of pagesOf(await opened.tenant(name))) {
      signal?.throwIfAborted();
      await recordMissing(house, name, decisions, recovered);
    }
  }
  return recovered;
}

/** Before the first backup there may be no repository yet, and opening one makes it. */
const hasPlannedAny = async (on: Queryable): Promise<boolean> => (await rows(on, 'SELECT FROM backup_plans LIMIT 1')).length > 0;

/** A damaged decision is no reason to leave out the others; verification tells of it. */
const pagesOf = (tenant: TenantRepository): AsyncIterable<Decision[]> => tenant.backups({ onDamaged: () => undefined });

async function recordMissing(house: On, tenant: string, decisions: readonly Decision[], recovered: Recovered): Promise<void> {
  const { known, ended } = await seenInLog(
    house.database,
    decisions.map((decision) => decision.backupId),
  );
  for (const decision of decisions) {
    const { backupId } = decision;
    if (ended.has(backupId)) continue;
    if (!known.has(backupId)) {
      recovered.unknown.push(backupId);
      continue;
    }
    const job = { jobId: 'recover-backups', tenant, payload: { backupId } };
    const after = await house.database.transaction((tx) => recordDecision(house, tx, job, decision));
    await after?.();
    recovered.recorded.push(backupId);
  }
}

export const ENDS = `
SELECT stream, bool_or(type IN ('BackupSealed', 'BackupFailed', 'BackupCancelled')) AS ended
  FROM events WHERE stream = ANY ($1) GROUP BY stream`;

async function seenInLog(on: Queryable, backupIds: readonly string[]): Promise<{ known: Set<string>; ended: Set<string> }> {
  const idOf = new Map(backupIds.map((id) => [streamOf.backup(id), id]));
  const found = await rows<{ stream: string; ended: boolean }>(on, ENDS, [[...idOf.keys()]]);
  const ids = (chosen: typeof found) => new Set(chosen.map(({ stream }) => idOf.get(stream)!));
  return { known: ids(found), ended: ids(found.filter(({ ended }) => ended)) };
}

/** Planned, not ended, and for a while without a job that is queued or running. */
const ABANDONED = `
SELECT o.operation_id AS "backupId", o.tenant FROM open_operations o JOIN backup_plans p ON p.backup_id = o.operation_id
 WHERE o.kind = 'backup' AND o.opened_at < clock_timestamp() - interval '1 minute'
   AND NOT EXISTS (SELECT FROM jobs j WHERE j.operation_id = o.operation_id AND j.status IN ('queued', 'running'))`;

async function resumeAbandoned({ database, queue, newId }: On): Promise<string[]> {
  const abandoned = await rows<{ backupId: string; tenant: string }>(database, ABANDONED);
  const jobs = abandoned.map(
    ({ backupId, tenant }): NewJob<SealPayload> => ({
      jobId: `seal-${backupId}-${newId()}`,
      kind: 'backup',
      tenant,
      operationId: backupId,
      payload: { backupId },
      attemptsMax: 40,
    }),
  );
  await queue.announce(await database.transaction((tx) => queue.enqueue(tx, jobs)));
  return abandoned.map(({ backupId }) => backupId);
}
