import type { ReadEvent } from '@dr/domain';
import { type Queryable, rows } from '@dr/event-store';
import type { TenantScope } from '../queries/tenant-scope.ts';
import { BatchRows, type ViewTable } from '../views/batch-rows.ts';

interface ViewRow {
  verification_id: string;
  backup_id: string;
  tenant: string;
  requested_at: string;
  status: string;
  doc: object;
}

const verificationTable: ViewTable<ViewRow> = {
  name: 'catalog_verifications',
  columns: { verification_id: 'text', backup_id: 'text', tenant: 'text', requested_at: 'timestamptz', status: 'text', doc: 'jsonb' },
  id: 'verification_id',
  changing: ['status', 'doc'],
};

const verificationIdOf = (stream: string): string => stream.slice('verification-'.length);

/** Keeps `catalog_verifications`. */
export async function projectVerifications(tx: Queryable, events: readonly ReadEvent[]): Promise<void> {
  const views = new BatchRows(verificationTable);
  const own = events.filter(({ stream }) => stream.startsWith('verification-'));
  await views.load(tx, new Set(own.map(({ stream }) => verificationIdOf(stream))));
  for (const event of own) apply(views, event);
  await views.save(tx);
}

function apply(views: BatchRows<ViewRow>, event: ReadEvent): void {
  if (event.type === 'VerificationRequested') {
    const { verificationId: verification_id, backupId: backup_id, tenant, level, requestedBy: created_by } = event.data;
    views.insert({ verification_id, backup_id, tenant, requested_at: event.recordedAt, status: 'pending', doc: { level, created_by } });
  }
  if (event.type === 'VerificationEnded') {
    const { outcome: status, message, ...counts } = event.data;
    const fields = { ...counts, error_message: message ?? null, ended_at: event.recordedAt };
    views.change(verificationIdOf(event.stream), ({ doc }) => ({ status, doc: { ...doc, ...fields } }));
  }
}

interface VerificationRow {
  verification_id: string;
  backup_id: string;
  tenant: string;
  requested_at: Date;
  status: string;
  backup_status: string | null;
  doc: Record<string, unknown>;
}

export async function findVerification(on: Queryable, id: string, scope: TenantScope): Promise<object | undefined> {
  const tenant = 'tenant' in scope ? scope.tenant : null;
  const sql = `SELECT v.*, (SELECT b.status FROM catalog_backups b WHERE b.backup_id = v.backup_id) AS backup_status
    FROM catalog_verifications v WHERE verification_id = $1 AND ($2::text IS NULL OR tenant = $2)`;
  const [row] = await rows<VerificationRow>(on, sql, [id, tenant]);
  return row && verificationResource(row);
}

/** What a snapshot only pins was not checked. */
function pinnedOf(pinned: unknown): object {
  const { objects, bytes } = Object(pinned) as { objects?: number; bytes?: number };
  return objects === undefined ? {} : { pinned_objects: objects, pinned_bytes: bytes };
}

function verificationResource({ verification_id, backup_id, backup_status, tenant, requested_at, status, doc }: VerificationRow): object {
  return {
    verification_id,
    backup_id,
    backup_status,
    tenant_id: tenant,
    status,
    level: doc['level'],
    objects: doc['objects'] ?? null,
    bytes: doc['bytes'] ?? null,
    findings: doc['findings'] ?? [],
    findings_total: doc['findingsTotal'] ?? null,
    ...pinnedOf(doc['pinned']),
    created_at: requested_at.toISOString(),
    ended_at: doc['ended_at'] ?? null,
    error_message: doc['error_message'] ?? null,
  };
}
