import type { ReadEvent } from '@dr/domain';
import { type Queryable, rows } from '@dr/event-store';
import type { TenantScope } from '../backups/backups.queries.ts';

/** Keeps `catalog_verifications`. */
export async function projectVerification(tx: Queryable, event: ReadEvent): Promise<void> {
  if (event.type === 'VerificationRequested') {
    const { verificationId, backupId, tenant, level, requestedBy } = event.data;
    await tx.query(
      `INSERT INTO catalog_verifications (verification_id, backup_id, tenant, requested_at, status, doc)
       VALUES ($1, $2, $3, $4, 'pending', $5) ON CONFLICT DO NOTHING`,
      [verificationId, backupId, tenant, event.recordedAt, JSON.stringify({ level, created_by: requestedBy })],
    );
  }
  if (event.type === 'VerificationEnded') {
    const { outcome, message, ...counts } = event.data;
    await tx.query('UPDATE catalog_verifications SET status = $2, doc = doc || $3::jsonb WHERE verification_id = $1', [
      event.stream.slice('verification-'.length),
      outcome,
      JSON.stringify({ ...counts, error_message: message ?? null, ended_at: event.recordedAt }),
    ]);
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
    created_at: requested_at.toISOString(),
    ended_at: doc['ended_at'] ?? null,
    error_message: doc['error_message'] ?? null,
  };
}
