import { apiKeyDecider, isHouseAdmin, streamOf } from '@dr/domain';
import type { Queryable } from '@dr/event-store';
import type { House } from '@dr/service';
import type { ApiKeyView, CatalogClient } from '../catalog-client.ts';

/** Serialises revocations: two of them must not take each other's key for the one that stays. */
export const LOCK_REVOCATIONS = 'SELECT pg_advisory_xact_lock(7106, 1)';

const PAGE = 200;

/**
 * Whether another admin key of all tenants can be used. The catalog nominates, the log decides, in the transaction that holds
 * LOCK_REVOCATIONS: a view that lags can refuse too much, but gives nothing away.
 */
export async function hasAnotherAdmin(
  { store, now }: Pick<House, 'store' | 'now'>,
  catalog: CatalogClient,
  keyId: string,
  tx: Queryable,
): Promise<boolean> {
  for (let cursor: string | undefined; ; ) {
    const page = await catalog.listApiKeys({ tenant: '*', limit: PAGE, cursor });
    for (const { key_id } of page.api_keys.filter((key) => key.key_id !== keyId && isNominated(key))) {
      const { state } = await store.load(streamOf.apiKey(key_id), apiKeyDecider, tx);
      if (isHouseAdmin(state, now())) return true;
    }
    if (page.next_cursor === null) return false;
    cursor = page.next_cursor;
  }
}

const isNominated = ({ tenant_id, scopes, status }: ApiKeyView): boolean =>
  tenant_id === '*' && scopes.includes('admin') && status === 'active';
