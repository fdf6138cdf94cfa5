import type { PieceId, TenantRepository } from '@dr/repository';

/**
 * The tree of a data set in the backup that this one builds on. None when there is no such backup, when it cannot be read, when it lacks the data set, or
 * when a plan has given it up: then everything is read. Source: REPOSITORY.md section 6, R1.
 */
export async function basesOf(tenant: TenantRepository, parentId: string | undefined, datasetId: string): Promise<PieceId[]> {
  if (parentId === undefined) return [];
  const decision = await tenant.decision(parentId).catch(() => undefined);
  if (decision?.kind !== 'commit' || decision.purged) return [];
  const root = decision.datasets.find((dataset) => dataset.datasetId === datasetId)?.root;
  return root === undefined ? [] : [root];
}
