import { backupDecider, isUsableBackup, streamOf } from '@dr/domain';
import type { EventStore } from '@dr/event-store';
import type { TenantRepository } from '@dr/repository';
import type { CaptureBase } from '../plan-backup/capture-bases.ts';

/**
 * The first of the bases whose backup still stands, in the log and in storage: not deleted, not purged, its commit readable. None: everything is
 * read. Source: REPOSITORY.md section 6, R1.
 */
export async function usableBase(
  store: EventStore,
  tenant: TenantRepository,
  bases: readonly CaptureBase[] = [],
): Promise<CaptureBase | undefined> {
  for (const base of bases) if ((await standsInLog(store, base)) && (await standsInStorage(tenant, base))) return base;
  return undefined;
}

async function standsInLog(store: EventStore, { backupId }: CaptureBase): Promise<boolean> {
  const { state } = await store.load(streamOf.backup(backupId), backupDecider);
  return isUsableBackup(state);
}

async function standsInStorage(tenant: TenantRepository, { backupId, root }: CaptureBase): Promise<boolean> {
  const decision = await tenant.decision(backupId).catch(() => undefined);
  return decision?.kind === 'commit' && !decision.purged && decision.datasets.some((dataset) => dataset.root === root);
}
