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

/**
 * All of the bases that still stand and of which nobody knows damage: what a snapshot refers to it does not read, so one whose last verification failed is
 * left out.
 */
export async function soundBases(store: EventStore, tenant: TenantRepository, bases: readonly CaptureBase[] = []): Promise<CaptureBase[]> {
  const sound: CaptureBase[] = [];
  for (const base of bases) {
    const { state } = await store.load(streamOf.backup(base.backupId), backupDecider);
    const failed = 'verifications' in state && state.verifications.at(-1)?.ok === false;
    if (!failed && isUsableBackup(state) && (await standsInStorage(tenant, base))) sound.push(base);
  }
  return sound;
}

async function standsInLog(store: EventStore, { backupId }: CaptureBase): Promise<boolean> {
  const { state } = await store.load(streamOf.backup(backupId), backupDecider);
  return isUsableBackup(state);
}

async function standsInStorage(tenant: TenantRepository, { backupId, root }: CaptureBase): Promise<boolean> {
  const decision = await tenant.decision(backupId).catch(() => undefined);
  return decision?.kind === 'commit' && !decision.purged && decision.datasets.some((dataset) => dataset.root === root);
}
