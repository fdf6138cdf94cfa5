import type { ReadEvent } from '@dr/domain';
import { type Queryable, rows } from '@dr/event-store';

/** What a request needs to know of the key it carries. */
export interface KnownKey {
  keyId: string;
  hash: string;
  tenant: string;
  scopes: string[];
  expiresAt: string | null;
  revoked: boolean;
}

/** Keeps `catalog_api_keys`. */
export async function projectApiKey(tx: Queryable, event: ReadEvent): Promise<void> {
  if (event.type === 'ApiKeyCreated') {
    const { keyId, hash, tenant, scopes, expiresAt } = event.data;
    await tx.query(
      'INSERT INTO catalog_api_keys (key_id, hash, tenant, scopes, expires_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (key_id) DO NOTHING',
      [keyId, hash, tenant, [...scopes], expiresAt ?? null],
    );
  }
  if (event.type === 'ApiKeyRevoked') {
    await tx.query('UPDATE catalog_api_keys SET revoked = true WHERE key_id = $1', [event.stream.slice('api_key-'.length)]);
  }
}

/** The key with this SHA-256 (64 hex digits), revoked and expired ones too: the caller says which is which. */
export async function findApiKey(on: Queryable, hash: string): Promise<KnownKey | undefined> {
  type Row = { key_id: string; hash: string; tenant: string; scopes: string[]; expires_at: Date | null; revoked: boolean };
  const [row] = await rows<Row>(on, 'SELECT * FROM catalog_api_keys WHERE hash = $1', [hash]);
  return (
    row && {
      keyId: row.key_id,
      hash: row.hash,
      tenant: row.tenant,
      scopes: row.scopes,
      expiresAt: row.expires_at?.toISOString() ?? null,
      revoked: row.revoked,
    }
  );
}
