import type { RestoreDataset } from '@dr/domain';
import { type Queryable, rows } from '@dr/event-store';

/** Data sets of a target tenant that open restores go to, with their restores. */
async function taken(on: Queryable, tenant: string): Promise<Map<string, string>> {
  const sql = 'SELECT dataset, restore_id FROM restore_targets WHERE tenant = $1';
  const found = await rows<{ dataset: string; restore_id: string }>(on, sql, [tenant]);
  return new Map(found.map(({ dataset, restore_id }) => [dataset, restore_id]));
}

/** A place, and whose it is. */
export interface BusyTarget {
  to: string;
  restoreId: string;
}

/** Those of `targets` that are, contain or lie in the place of an open restore. */
export async function busyTargets(on: Queryable, tenant: string, targets: readonly string[]): Promise<BusyTarget[]> {
  const open = await taken(on, tenant);
  if (open.size === 0) return [];
  return targets.flatMap((to) => {
    const restoreId = holderOf(open, to);
    return restoreId === undefined ? [] : [{ to, restoreId }];
  });
}

function holderOf(open: ReadonlyMap<string, string>, to: string): string | undefined {
  const parts = to.split('/');
  const above = parts.map((_, i) => parts.slice(0, i + 1).join('/')).find((path) => open.has(path));
  const inside = above ?? [...open.keys()].find((path) => path.startsWith(`${to}/`));
  return inside === undefined ? undefined : open.get(inside);
}

/** Takes the places of a restore. @returns the data sets that go to the place of another open one. */
export async function takeTargets(
  tx: Queryable,
  { restoreId, targetTenant, datasets }: { restoreId: string; targetTenant: string; datasets: readonly RestoreDataset[] },
): Promise<Map<number, BusyTarget>> {
  const targets = datasets.map(({ to }) => to);
  const busy = (await busyTargets(tx, targetTenant, targets)).filter((target) => target.restoreId !== restoreId);
  const byName = new Map(busy.map((target) => [target.to, target]));
  const mine = targets.filter((to) => !byName.has(to));
  const sql = `INSERT INTO restore_targets (tenant, dataset, restore_id) SELECT $1, dataset, $2 FROM unnest($3::text[]) AS d (dataset)
    ON CONFLICT DO NOTHING`;
  await tx.query(sql, [targetTenant, restoreId, mine]);
  return new Map(datasets.flatMap(({ n, to }) => (byName.has(to) ? [[n, byName.get(to)!] as const] : [])));
}

export const freeTargets = (tx: Queryable, restoreId: string): Promise<unknown> =>
  tx.query('DELETE FROM restore_targets WHERE restore_id = $1', [restoreId]);
