import {
  backupDecider,
  captureDecider,
  captureFrom,
  type DatasetRef,
  decisionFrom,
  requestFrom,
  selectionFrom,
  streamOf,
} from '@dr/domain';
import type { Commit, Decision, TenantRepository } from '@dr/repository';
import { commandMeta, type House } from '@dr/service';

type On = Pick<House, 'store'>;

/**
 * Writes down what stands in storage of a backup whose end the log lacks: the backup itself when it is unknown, what became of its data sets, and its
 * end. Each step is done once, so that a kill in between costs nothing.
 */
export async function recordDecided(house: On, tenant: TenantRepository, decision: Decision): Promise<void> {
  const { backupId } = decision;
  const stream = streamOf.backup(backupId);
  const options = (step: string) => ({ commandId: `${step}-${backupId}`, meta: commandMeta(tenant.tenant, 'archiver', 'recover-backups') });
  await house.store.decide(stream, backupDecider, { kind: 'recover', ...(await knownOf(tenant, decision)) }, options('recover'));
  const { state } = await house.store.load(stream, backupDecider);
  if (decision.kind === 'commit' && state.status !== 'absent') await recordCaptures(house, decision, state.request.datasets);
  await house.store.decide(stream, backupDecider, { kind: 'recordDecision', decision: decisionFrom(decision) }, options('decision'));
}

/** Of a tombstone only the session object can tell the type; where that is gone too, it counts as a full. */
async function knownOf(tenant: TenantRepository, decision: Decision) {
  const { backupId } = decision;
  const ids = { backupId, tenant: tenant.tenant };
  if (decision.kind === 'tombstone') {
    const { type = 'full' } = await tenant.begun(backupId);
    return { ...ids, backupType: type, datasets: [], decidedAt: new Date(decision.decidedAtMs).toISOString() };
  }
  const { type, datasets, createdAtMs, parentId, extra } = decision;
  return {
    ...ids,
    backupType: type,
    datasets: selectionFrom(tenant.tenant, datasets),
    decidedAt: new Date(createdAtMs).toISOString(),
    ...(parentId !== undefined && { parentId }),
    ...requestFrom(extra),
  };
}

/** A result that is on record stays; the commit says it of the others. */
async function recordCaptures({ store }: On, { backupId, tenant, datasets }: Commit, selection: readonly DatasetRef[]): Promise<void> {
  for (const { n, datasetId } of selection) {
    const dataset = datasets.find((one) => one.datasetId === datasetId);
    const stream = streamOf.capture(backupId, n);
    if (!dataset || (await store.load(stream, captureDecider)).version > 0) continue;
    const meta = commandMeta(tenant, 'archiver', 'recover-backups');
    await store.decide(stream, captureDecider, captureFrom(backupId, n, dataset), { commandId: `recover-${stream}`, meta });
  }
}
