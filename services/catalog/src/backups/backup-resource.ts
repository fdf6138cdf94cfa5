import { systemStateName, withoutSystemState } from '@dr/config';

/** A row of the read model with everything that the resource shows. */
export interface BackupRow {
  backup_id: string;
  tenant: string;
  /** ISO 8601 with microseconds, UTC. */
  requested_at: string;
  type: string;
  status: string;
  dataset_ids: string[];
  doc: BackupDoc;
  /** In the order of their numbers. */
  datasets: Record<string, unknown>[] | null;
  description: string | null;
  user_metadata: Record<string, unknown> | null;
  /** Why a job of an unfinished backup waits for its next try. */
  waiting: { code: string | null; message: string } | null;
}

/** Of `catalog_backups b` and `operation_texts t`: everything that the resource shows. Documents are strung together as text: built anew as jsonb they took nine tenths of the statement. */
export const COLUMNS = `b.backup_id, b.tenant, to_char(b.requested_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS requested_at,
  b.type, b.status, b.dataset_ids, b.doc, t.description, t.metadata AS user_metadata,
  (SELECT ('[' || string_agg(d.doc::text, ',' ORDER BY d.n) || ']')::json FROM catalog_backup_datasets d
    WHERE d.backup_id = b.backup_id) AS datasets,
  CASE WHEN b.status IN ('pending', 'running') THEN (SELECT jsonb_build_object('code', j.error_code, 'message', j.error) FROM jobs j
    WHERE j.operation_id = b.backup_id AND j.status = 'queued' AND j.error IS NOT NULL
    ORDER BY (j.error_code = 'store.full') DESC NULLS LAST, j.available_at LIMIT 1) END AS waiting`;

/** What the projection gathers from the events, beyond the columns that lists select by. */
export interface BackupDoc {
  expected: number;
  created_by: string;
  parent_id: string | null;
  left_out?: object | null;
  /** The snapshot whose state it made whole. */
  promoted_from?: string;
  /** Of one that was found in storage. */
  decided_at?: string;
  started_at?: string;
  ended_at?: string;
  error_code?: string;
  error_message?: string | null;
  checksum?: string;
  storage_path?: string;
  size_bytes?: number;
  compressed_size_bytes?: number;
  new_bytes?: number;
  objects?: number;
  verified_at?: string;
  verification?: object;
  cancel_requested_at?: string;
  /** While it is deleted: the status that it comes back to. */
  ended_as?: string;
  purge_after?: string;
  captures?: { done: number; failed: number };
}

/** The Backup of CONTRACT section 2. */
export function backupResource(row: BackupRow): Record<string, unknown> {
  const { doc } = row;
  const { datasets, systemState } = withoutSystemState(row.datasets ?? [], (d) => String(d['dataset_id']));
  return {
    backup_id: row.backup_id,
    timestamp: new Date(row.requested_at).toISOString(),
    type: row.type,
    status: row.status,
    tenant_id: row.tenant,
    dataset_ids: row.dataset_ids,
    datasets,
    system_state: systemState.map(itemOf),
    left_out: doc.left_out ?? null,
    parent_id: parentOf(row),
    size_bytes: doc.size_bytes ?? null,
    compressed_size_bytes: doc.compressed_size_bytes ?? null,
    checksum: doc.checksum ?? null,
    duration_seconds: durationSeconds(row),
    storage_path: doc.storage_path ?? null,
    error_code: doc.error_code ?? row.waiting?.code ?? null,
    error_message: doc.error_message ?? waitsFor(row),
    cancel_requested_at: doc.cancel_requested_at ?? null,
    progress: progress(row),
    verified_at: doc.verified_at ?? null,
    verification: doc.verification ?? null,
    replicas: [],
    holds: [],
    expires_at: null,
    purge_after: doc.purge_after ?? null,
    retention_reasons: [],
    metadata: { ...(row.user_metadata ?? {}), created_by: doc.created_by, description: row.description, promoted_from: doc.promoted_from },
  };
}

/** An item of system state has no format of its own, and nothing was built on. Its tree is nobody's business. */
function itemOf({ dataset_id, status, objects, bytes, new_bytes, findings, error_code, error_message }: Record<string, unknown>): object {
  return { name: systemStateName(String(dataset_id)), status, objects, bytes, new_bytes, findings, error_code, error_message };
}

/** The newest of the backups that its data sets were built on; null when every byte was read, whatever the type. */
function parentOf({ doc, datasets }: BackupRow): string | null {
  const parents = (datasets ?? []).map((d) => d['parent_id']).filter((id) => typeof id === 'string');
  return parents.sort().at(-1) ?? doc.parent_id;
}

/** An unfinished backup says what keeps it: it goes on by itself when that is over. */
function waitsFor({ waiting }: BackupRow): string | null {
  if (!waiting) return null;
  return `${waiting.code === 'store.full' ? 'Waiting for space' : 'Trying again'}: ${waiting.message}`;
}

const durationSeconds = ({ doc, requested_at }: BackupRow): number | null =>
  doc.ended_at === undefined ? null : Math.max(0, Date.parse(doc.ended_at) - Date.parse(requested_at)) / 1000;

/** Data sets that have their result, out of those expected. Bytes move on the progress channel, not in the log. */
function progress({ doc, datasets, status }: BackupRow): object {
  const ended = (datasets ?? []).filter((d) => d['status'] !== 'pending').length;
  const end = doc.ended_as ?? status;
  const sealed = end === 'completed' || end === 'partial';
  return { datasets_total: doc.expected, datasets_done: sealed ? doc.expected : ended };
}
