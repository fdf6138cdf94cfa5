import { isDataset } from '@dr/config';
import {
  type ChangesSinceBase,
  type DatasetCaptured,
  type DatasetCaptureFailed,
  type DomainEvent,
  RECOVERY,
  type ReadEvent,
} from '@dr/domain';
import type { Queryable } from '@dr/event-store';
import { BatchRows, type Place, type ViewTable } from '../views/batch-rows.ts';
import type { BackupDoc } from './backup-resource.ts';

type Of<Type extends DomainEvent['type']> = Extract<ReadEvent, { type: Type }>;

interface BackupRow {
  backup_id: string;
  tenant: string;
  requested_at: string;
  type: string;
  status: string;
  dataset_ids: readonly string[];
  doc: Partial<BackupDoc>;
}

interface DatasetRow {
  backup_id: string;
  n: number;
  dataset_id: string;
  tenant: string;
  requested_at: string;
  doc: { readonly status?: string };
}

export const backupTable: ViewTable<BackupRow> = {
  name: 'catalog_backups',
  columns: {
    ...{ backup_id: 'text', tenant: 'text', requested_at: 'timestamptz', type: 'text', status: 'text', dataset_ids: 'text[]' },
    doc: 'jsonb',
  },
  id: 'backup_id',
  changing: ['status', 'doc'],
};

const datasetTable: ViewTable<DatasetRow> = {
  name: 'catalog_backup_datasets',
  columns: { backup_id: 'text', n: 'int', dataset_id: 'text', tenant: 'text', requested_at: 'timestamptz', doc: 'jsonb' },
  id: 'backup_id',
  number: 'n',
  changing: ['doc'],
};

/** `catalog_backups` and `catalog_backup_datasets` under a batch of events. */
class BackupViews {
  readonly backups = new BatchRows(backupTable);
  readonly datasets = new BatchRows(datasetTable);
}

/** Keeps `catalog_backups` and `catalog_backup_datasets`. */
export async function projectBackups(tx: Queryable, events: readonly ReadEvent[]): Promise<void> {
  const views = new BackupViews();
  await load(tx, views, events);
  for (const event of events) apply(views, event);
  await views.backups.save(tx);
  await views.datasets.save(tx);
}

/** A backup may have thousands of data sets: only those are read that an event is about, and all of one that is cancelled. */
async function load(tx: Queryable, { backups, datasets }: BackupViews, events: readonly ReadEvent[]): Promise<void> {
  const [ids, whole] = [new Set<string>(), new Set<string>()];
  const places: Place[] = [];
  for (const event of events) {
    if (isCapture(event)) places.push({ id: event.data.backupId, n: event.data.n });
    else if (event.stream.startsWith('backup-')) ids.add(backupIdOf(event.stream));
    if (['BackupCancelled', 'BackupRequested', 'BackupRecovered'].includes(event.type)) whole.add(backupIdOf(event.stream));
  }
  await backups.load(tx, ids);
  await datasets.load(tx, whole);
  await datasets.loadPlaces(
    tx,
    places.filter(({ id }) => !whole.has(id)),
  );
}

const isCapture = (event: ReadEvent): event is Of<'DatasetCaptured'> | Of<'DatasetCaptureFailed'> =>
  event.type === 'DatasetCaptured' || event.type === 'DatasetCaptureFailed';

/** `backup-<id>` → the id. */
const backupIdOf = (stream: string): string => stream.slice('backup-'.length);

function apply(views: BackupViews, event: ReadEvent): void {
  if (event.type === 'BackupRequested' || event.type === 'BackupRecovered') insertBackup(views, event);
  else if (isCapture(event)) recordCapture(views, event);
  else change(views, event);
  if (event.type === 'BackupCancelled') withoutResult(views, event);
}

function change({ backups }: BackupViews, event: ReadEvent): void {
  backups.change(backupIdOf(event.stream), (row) => {
    const { status = row.status, doc = {} } = afterEvent(row, event);
    return { status, doc: { ...row.doc, ...doc } };
  });
}

/** What an event makes of its backup: a new status, or none, and fields to be merged in. A field that is undefined goes away. */
function afterEvent({ status, doc }: BackupRow, event: ReadEvent): { status?: string; doc?: object } {
  switch (event.type) {
    case 'BackupStarted':
      return { status: 'running', doc: { started_at: event.recordedAt } };
    case 'BackupCapturesEnded':
      return { doc: { captures: event.data } };
    case 'BackupCancelRequested':
      return { doc: { cancel_requested_at: event.recordedAt } };
    case 'BackupSealed':
      return { status: event.data.outcome, doc: sealedFields(doc, event) };
    case 'BackupFailed':
      return { status: 'failed', doc: { ended_at: endedAt(doc, event), error_code: event.data.code, error_message: event.data.message } };
    case 'BackupCancelled':
      return { status: 'cancelled', doc: { ended_at: endedAt(doc, event) } };
    case 'BackupVerified':
      return { doc: { verified_at: event.data.at, verification: event.data } };
    case 'BackupDeleteRequested':
      return { status: 'deleting', doc: { ended_as: doc.ended_as ?? status } };
    case 'BackupDeleted':
      return { status: 'deleted', doc: { purge_after: event.data.purgeAfter } };
    case 'BackupUndeleted':
      return { status: doc.ended_as ?? status, doc: { ended_as: undefined, purge_after: undefined } };
    default:
      return {};
  }
}

/** A backup that was found in storage has no request: what its commit does not repeat of it is taken from its decision. */
function insertBackup({ backups, datasets }: BackupViews, event: Of<'BackupRequested'> | Of<'BackupRecovered'>): void {
  const { data, recordedAt, meta } = event;
  const requestedAt = event.type === 'BackupRecovered' ? (event.data.requestedAt ?? event.data.decidedAt) : recordedAt;
  const place = { backup_id: data.backupId, tenant: data.tenant, requested_at: requestedAt };
  const doc = {
    parent_id: data.parentId ?? null,
    created_by: data.requestedBy ?? RECOVERY,
    ...(data.promotedFrom !== undefined && { promoted_from: data.promotedFrom }),
    ...(event.type === 'BackupRecovered' && { decided_at: event.data.decidedAt }),
    trace: meta.traceparent ?? null,
    expected: data.datasets.length,
    left_out: data.leftOut ?? null,
  };
  const datasetIds = data.datasets.map((d) => d.datasetId).filter(isDataset);
  backups.insert({ ...place, type: data.backupType, status: 'pending', dataset_ids: datasetIds, doc });
  for (const { n, datasetId, format } of data.datasets) {
    datasets.insert({ ...place, n, dataset_id: datasetId, doc: { dataset_id: datasetId, format, status: 'pending' } as object });
  }
}

/** Data sets that have no result now will never have one. */
const withoutResult = ({ datasets }: BackupViews, { stream }: ReadEvent): void =>
  datasets.changeAll(backupIdOf(stream), ({ doc }) => (doc.status === 'pending' ? { doc: { ...doc, status: 'cancelled' } } : {}));

/** A backup that was found in storage ended long before that was recorded. */
const endedAt = ({ decided_at }: Partial<BackupDoc>, { recordedAt }: ReadEvent): string => decided_at ?? recordedAt;

const sealedFields = (doc: Partial<BackupDoc>, event: Of<'BackupSealed'>): object => ({
  ended_at: endedAt(doc, event),
  ...resultOf(event.data),
});

const resultOf = (data: Of<'BackupSealed'>['data']): object => ({
  checksum: data.checksum,
  storage_path: data.storagePath,
  committed_at: data.committedAt,
  size_bytes: data.bytes,
  compressed_size_bytes: data.storedBytes,
  new_bytes: data.newBytes,
  objects: data.objects,
  missing: data.missing,
  error_message:
    data.missing.length === 0
      ? null
      : data.missing.map((m) => (isDataset(m.datasetId) ? `${m.datasetId}: ${m.cause}` : m.cause)).join('; '),
});

function recordCapture({ datasets }: BackupViews, event: Of<'DatasetCaptured'> | Of<'DatasetCaptureFailed'>): void {
  const fields = event.type === 'DatasetCaptured' ? capturedFields(event.data) : failedFields(event.data);
  datasets.change(event.data.backupId, ({ doc }) => ({ doc: { ...doc, ...fields } }), event.data.n);
}

const capturedFields = (data: DatasetCaptured): object => ({
  format: data.format,
  status: data.intact ? 'completed' : 'partial',
  root: data.root,
  objects: data.objects,
  bytes: data.bytes,
  new_bytes: data.newBytes,
  head_version: data.headVersion ?? null,
  branches: data.branches,
  tags: data.tags,
  rows: data.rows,
  findings: data.findings,
  parent_id: data.baseBackupId ?? null,
  ...(data.changes && { changes: changesOf(data.changes) }),
  ...(data.pinned && { pinned_objects: data.pinned.objects, pinned_bytes: data.pinned.bytes }),
});

const changesOf = ({ change, rows, exact, ...files }: ChangesSinceBase): object => ({ change, rows: rows ?? null, exact, files });

const failedFields = (data: DatasetCaptureFailed): object => ({
  status: 'failed',
  error_code: data.code,
  error_message: data.message,
  findings: data.findings,
});
