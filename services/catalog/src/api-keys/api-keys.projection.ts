import { parseStream, type ReadEvent } from '@dr/domain';
import type { Queryable } from '@dr/event-store';

/** Keeps `catalog_api_keys`. */
export async function projectApiKey(tx: Queryable, event: ReadEvent): Promise<void> {
  if (event.type === 'ApiKeyCreated') {
    const { keyId, hash, tenant, scopes, expiresAt } = event.data;
    await tx.query(
      `INSERT INTO catalog_api_keys (key_id, hash, tenant, scopes, expires_at, created_at, created_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (key_id) DO NOTHING`,
      [keyId, hash, tenant, [...scopes], expiresAt ?? null, event.recordedAt, event.meta.actor],
    );
  }
  if (event.type === 'ApiKeyRevoked') {
    const sql = 'UPDATE catalog_api_keys SET revoked = true, revoked_at = coalesce(revoked_at, $2) WHERE key_id = $1';
    await tx.query(sql, [parseStream(event.stream).id, event.recordedAt]);
  }
}
