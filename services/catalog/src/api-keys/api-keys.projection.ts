import { parseStream, type ReadEvent } from '@dr/domain';
import type { Queryable } from '@dr/event-store';
import { BatchRows, type ViewTable } from '../views/batch-rows.ts';

interface KeyRow {
  key_id: string;
  hash: string;
  tenant: string;
  scopes: readonly string[];
  expires_at: string | null;
  created_at: string;
  created_by: string;
  revoked: boolean;
  revoked_at: string | null;
}

const keyTable: ViewTable<KeyRow> = {
  name: 'catalog_api_keys',
  columns: {
    ...{ key_id: 'text', hash: 'text', tenant: 'text', scopes: 'text[]', expires_at: 'timestamptz' },
    ...{ created_at: 'timestamptz', created_by: 'text', revoked: 'boolean', revoked_at: 'timestamptz' },
  },
  id: 'key_id',
  changing: ['revoked', 'revoked_at'],
};

/** Keeps `catalog_api_keys`. */
export async function projectApiKeys(tx: Queryable, events: readonly ReadEvent[]): Promise<void> {
  const views = new BatchRows(keyTable);
  const own = events.filter(({ stream }) => stream.startsWith('api_key-'));
  await views.load(tx, new Set(own.map(({ stream }) => parseStream(stream).id)));
  for (const event of own) apply(views, event);
  await views.save(tx);
}

function apply(views: BatchRows<KeyRow>, { stream, recordedAt, meta, ...event }: ReadEvent): void {
  if (event.type === 'ApiKeyCreated') {
    const { keyId: key_id, hash, tenant, scopes, expiresAt: expires_at = null } = event.data;
    const life = { created_at: recordedAt, created_by: meta.actor, revoked: false, revoked_at: null };
    views.insert({ key_id, hash, tenant, scopes, expires_at, ...life });
  }
  if (event.type === 'ApiKeyRevoked') {
    views.change(parseStream(stream).id, ({ revoked_at }) => ({ revoked: true, revoked_at: revoked_at ?? recordedAt }));
  }
}
