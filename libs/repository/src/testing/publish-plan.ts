import { randomBytes } from 'node:crypto';
import { openKeys } from '@dr/keys';
import type { MemoryStore } from '@dr/storage/faults';
import { newDescription } from '../format/description.ts';
import { sha256Hex } from '../format/hashes.ts';
import { encodePlan, type LedgerPlan } from '../format/plan.ts';
import { type TenantScope, tenantScope } from '../tenant-scope.ts';
import { NOW, unlock } from './opened.ts';

/** The inside of tenant acme in a store, for tests that write what no version writes yet. */
export async function scopeOf(store: MemoryStore, repositoryId: string): Promise<TenantScope> {
  const ring = await openKeys(store, { unlock });
  const inside = { store, ring, description: newDescription(repositoryId, NOW, true), now: () => NOW, random: randomBytes };
  return tenantScope(inside, (await ring.tenantKeys('acme'))!);
}

/** Publishes a ledger plan as the collector of a later version will. */
export async function publishPlan(store: MemoryStore, scope: TenantScope, plan: Partial<LedgerPlan> & { n: number }): Promise<void> {
  const previous = plan.n === 1 ? '' : sha256Hex(store.objects.get(scope.names.plan(plan.n - 1))!.bytes);
  await store.createIfAbsent(scope.names.plan(plan.n), encodePlan(scope, { previous, purged: [], victims: [], ...plan }));
}
