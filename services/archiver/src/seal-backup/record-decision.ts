import { backupDecider, decisionFrom, streamOf } from '@dr/domain';
import type { Queryable } from '@dr/event-store';
import type { AfterCommit, Job } from '@dr/jobs';
import type { Decision } from '@dr/repository';
import { commandMeta, type House, nudgeSequencer } from '@dr/service';

type DecidingJob = Pick<Job<{ backupId: string }>, 'jobId' | 'tenant' | 'payload'>;

/** Writes down what stands in storage, in the transaction that ends the job. Whoever records it, sealer or canceller, it is recorded once. */
export async function recordDecision(
  house: Pick<House, 'store' | 'bus'>,
  tx: Queryable,
  { jobId, tenant, payload: { backupId } }: DecidingJob,
  decision: Decision | undefined,
): Promise<AfterCommit | undefined> {
  if (decision === undefined) return undefined;
  const options = { commandId: `decision-${backupId}`, meta: commandMeta(tenant, 'archiver', jobId), tx };
  const command = { kind: 'recordDecision', decision: decisionFrom(decision) } as const;
  await house.store.decide(streamOf.backup(backupId), backupDecider, command, options);
  return () => nudgeSequencer(house);
}
