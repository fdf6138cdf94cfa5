import { type Queryable, rows } from '@dr/event-store';
import { decodeCursor, encodeCursor } from '../queries/cursor.ts';

/** What a request needs to know of the key it carries. */
export interface KnownKey {
  keyId: string;
  hash: string;
  tenant: string;
  scopes: string[];
  expiresAt: string | null;
  revoked: boolean;
}

/** A revocation counts from its event on, not from when this view has read it: however far the view lags, a revoked key is refused. */
export const FIND_BY_HASH = `
SELECT k.key_id, k.hash, k.tenant, k.scopes, k.expires_at,
    k.revoked OR EXISTS (SELECT FROM events e WHERE e.stream = 'api_key-' || k.key_id AND e.type = 'ApiKeyRevoked') AS revoked
  FROM catalog_api_keys k WHERE k.hash = $1`;

/** The key with this SHA-256 (64 hex digits), revoked and expired ones too: the caller says which is which. */
export async function findApiKey(on: Queryable, hash: string): Promise<KnownKey | undefined> {
  type Row = { key_id: string; hash: string; tenant: string; scopes: string[]; expires_at: Date | null; revoked: boolean };
  const [row] = await rows<Row>(on, FIND_BY_HASH, [hash]);
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

interface Row {
  key_id: string;
  tenant: string;
  scopes: string[];
  created: string;
  created_at: Date | null;
  created_by: string | null;
  expires_at: Date | null;
  revoked: boolean;
  revoked_at: Date | null;
  is_expired: boolean;
  name: string | null;
  used_at: Date | null;
}

/** `tenant` '*': of all tenants. Keys of all tenants belong to no tenant's list. */
const SELECT = `SELECT k.key_id, k.tenant, k.scopes, k.created_at, k.created_by, k.expires_at, k.revoked, k.revoked_at,
    to_char(coalesce(k.created_at, 'epoch') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS created,
    coalesce(k.expires_at <= clock_timestamp(), false) AS is_expired, t.description AS name, u.used_at
  FROM catalog_api_keys k LEFT JOIN operation_texts t ON t.operation_id = k.key_id LEFT JOIN api_key_uses u ON u.key_id = k.key_id
 WHERE ($1 = '*' OR k.tenant = $1)`;

export async function knownApiKey(on: Queryable, { id, tenant }: { id: string; tenant: string }): Promise<object | undefined> {
  const [row] = await rows<Row>(on, `${SELECT} AND k.key_id = $2`, [tenant, id]);
  return row && apiKeyResource(row);
}

export interface ListApiKeys {
  tenant: string;
  limit: number;
  cursor?: string;
}

/** Newest first. @throws BadCursor */
export async function listApiKeys(on: Queryable, { tenant, limit, cursor }: ListApiKeys): Promise<object> {
  const place = cursor === undefined ? undefined : decodeCursor(cursor);
  const sql = `${SELECT} AND ($2::timestamptz IS NULL OR (coalesce(k.created_at, 'epoch'), k.key_id) < ($2, $3::text))
    ORDER BY coalesce(k.created_at, 'epoch') DESC, k.key_id DESC LIMIT $4`;
  const found = await rows<Row>(on, sql, [tenant, place?.at ?? null, place?.id ?? null, limit + 1]);
  const shown = found.slice(0, limit);
  const last = found.length > limit ? shown.at(-1) : undefined;
  return { api_keys: shown.map(apiKeyResource), next_cursor: last ? encodeCursor({ at: last.created, id: last.key_id }) : null };
}

const apiKeyResource = (row: Row): object => ({
  key_id: row.key_id,
  name: row.name,
  tenant_id: row.tenant,
  scopes: row.scopes,
  status: row.revoked ? 'revoked' : row.is_expired ? 'expired' : 'active',
  created_at: row.created_at?.toISOString() ?? null,
  created_by: row.created_by,
  expires_at: row.expires_at?.toISOString() ?? null,
  revoked_at: row.revoked_at?.toISOString() ?? null,
  last_used_at: row.used_at?.toISOString() ?? null,
});
