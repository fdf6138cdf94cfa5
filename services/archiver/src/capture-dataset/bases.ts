import { backupDecider, isUsableBackup, streamOf } from '@dr/domain';
import type { EventStore } from '@dr/event-store';
import type { TenantRepository } from '@dr/repository';
import type { CaptureBase } from '../plan-backup/capture-bases.ts';

/**
 * The first of the bases whose backup still stands, in the log and in storage: not deleted, not purged, its commit readable, and nobody knows damage of it. None:
 * everything is read. Source: REPOSITORY.md section 6, R1.
 */
export async function usableBase(
  store: EventStore,
  tenant: TenantRepository,
  bases: readonly CaptureBase[] = [],
): Promise<CaptureBase | undefined> {
  for (const base of bases) if ((await standsInLog(store, base)) && (await standsInStorage(tenant, base))) return base;
  return undefined;
}

/** All of the bases that still stand and of which nobody knows damage: what a snapshot refers to it does not read. */
export async function soundBases(store: EventStore, tenant: TenantRepository, bases: readonly CaptureBase[] = []): Promise<CaptureBase[]> {
  const sound: CaptureBase[] = [];
  for (const base of bases) {
    if ((await standsInLog(store, base)) && (await standsInStorage(tenant, base))) sound.push(base);
  }
  return sound;
}

/** One whose last verification failed may lack what would be taken over from it. */
async function standsInLog(store: EventStore, { backupId }: CaptureBase): Promise<boolean> {
  const { state } = await store.load(streamOf.backup(backupId), backupDecider);
  const isDamaged = 'verifications' in state && state.verifications.at(-1)?.ok === false;
  return isUsableBackup(state) && !isDamaged;
}

async function standsInStorage(tenant: TenantRepository, { backupId, root }: CaptureBase): Promise<boolean> {
  const decision = await tenant.decision(backupId).catch(() => undefined);
  return decision?.kind === 'commit' && !decision.purged && decision.datasets.some((dataset) => dataset.root === root);
}
