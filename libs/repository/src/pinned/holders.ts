import { mapLimited } from '../concurrency.ts';
import { readableDecision } from '../decisions.ts';
import type { Ledger } from '../ledger.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { PieceId } from '../types.ts';

/**
 * A file that was rewritten since is only in the backups next to the snapshot, one that was not in all that came after. So the nearest are looked at, later ones
 * first; a few earlier ones too, since they may have run at the same time.
 */
const LATER_MAX = 16;
const EARLIER_MAX = 4;
/** Decisions that are read on the way to them, in each direction: most backups hold the data set. */
const LOOKED_AT_MAX = 200;
const READS_AT_ONCE = 8;

export interface Holder {
  readonly datasetId: string;
  /** The snapshot: it is no holder itself. */
  readonly backupId: string;
}

/** Roots of the trees of a data set in the backups around one, the likeliest holders of what it pins first. Purged and damaged backups are passed over. */
export async function holdersAround(scope: TenantScope, ledger: Ledger, { datasetId, backupId }: Holder): Promise<PieceId[]> {
  const [before, after]: [string[], string[]] = [[], []];
  for await (const page of scope.store.list(scope.names.decisions)) {
    for (const { key } of page) {
      const id = key.slice(scope.names.decisions.length);
      if (!ledger.purged.has(id) && id !== backupId) (id < backupId ? before : after).push(id);
    }
  }
  const later = await rootsIn(scope, after.slice(0, LOOKED_AT_MAX), datasetId, LATER_MAX);
  const earlier = await rootsIn(scope, before.slice(-LOOKED_AT_MAX).reverse(), datasetId, EARLIER_MAX);
  return [...new Set([...later, ...earlier])];
}

async function rootsIn(scope: TenantScope, ids: readonly string[], datasetId: string, most: number): Promise<PieceId[]> {
  const roots: PieceId[] = [];
  for (let at = 0; at < ids.length && roots.length < most; at += READS_AT_ONCE) {
    const read = await mapLimited(ids.slice(at, at + READS_AT_ONCE), READS_AT_ONCE, (id) => readableDecision(scope, id));
    for (const decision of read) {
      const root = decision?.kind === 'commit' ? decision.datasets.find((set) => set.datasetId === datasetId)?.root : undefined;
      if (root !== undefined) roots.push(root);
    }
  }
  return roots.slice(0, most);
}
