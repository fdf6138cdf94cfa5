import { streamOf } from '@dr/domain';
import { type Queryable, rows } from '@dr/event-store';
import type { NewJob } from '@dr/jobs';
import type { Decision, TenantRepository } from '@dr/repository';
import { type House, nudgeSequencer, type RepositoryAccess } from '@dr/service';
import type { SealPayload } from '../plan-backup/plan-backup.ts';
import { recordDecided } from './record-decided.ts';

export interface Recovered {
  /** Backups that were decided in storage, and whose end was missing in the log: it is recorded now. */
  recorded: string[];
  /** Decided in storage, and unknown to the log until now. */
  found: string[];
  /** Unfinished backups that nobody worked on any more: they are sealed with what they have. */
  resumed: string[];
}

type On = Pick<House, 'store' | 'bus' | 'database' | 'queue' | 'newId'>;

/** Backups that are recorded at once: each is a few short transactions. */
const AT_ONCE = 8;

/**
 * Compares storage with the log. An end that was decided but not recorded (the database was set back, or an event was lost) is recorded
 * from the decision object, and so is a backup that the log never knew; a backup whose jobs were lost gets one that decides it. Safe to run at any
 * time, in several processes, and after it was cut off.
 */
export async function recoverBackups(
  house: On,
  repository: Pick<RepositoryAccess, 'open' | 'exists'>,
  signal?: AbortSignal,
): Promise<Recovered> {
  const recovered: Recovered = { recorded: [], found: [], resumed: await resumeAbandoned(house) };
  if (!(await repository.exists())) return recovered;
  const opened = await repository.open();
  for (const name of await opened.tenants({ onDamaged: () => undefined })) {
    const tenant = await opened.tenant(name);
    for await (const decisions of pagesOf(tenant)) {
      signal?.throwIfAborted();
      await recordMissing(house, tenant, decisions, recovered);
    }
  }
  if (recovered.recorded.length + recovered.found.length > 0) nudgeSequencer(house);
  return recovered;
}

/** A damaged decision is no reason to leave out the others; verification tells of it. */
const pagesOf = (tenant: TenantRepository): AsyncIterable<Decision[]> => tenant.backups({ onDamaged: () => undefined });

async function recordMissing(house: On, tenant: TenantRepository, decisions: readonly Decision[], recovered: Recovered): Promise<void> {
  const ids = decisions.map((decision) => decision.backupId);
  const { known, ended } = await seenInLog(house.database, ids);
  const missing = decisions.filter(({ backupId }) => !ended.has(backupId));
  for (const { backupId } of missing) recovered[known.has(backupId) ? 'recorded' : 'found'].push(backupId);
  for (let from = 0; from < missing.length; from += AT_ONCE)
    await Promise.all(missing.slice(from, from + AT_ONCE).map((decision) => recordDecided(house, tenant, decision)));
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
