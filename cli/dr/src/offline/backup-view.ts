import { requestedAt } from '@dr/config/ids';
import { systemStateName, withoutSystemState } from '@dr/config/system-state';
import type { Commit, Decision, Tombstone } from '@dr/repository';
import type { Backup, BackupDataset, Finding, SystemStateItem } from '../resources.ts';

/** A decision object as the Backup that the gateway would show. What only the log knows (who asked, when it was verified) is null. */
export function backupOf(decision: Decision): Backup {
  return decision.kind === 'commit' ? committed(decision) : givenUp(decision);
}

function committed(commit: Commit): Backup {
  const { datasets: sets, systemState } = withoutSystemState(commit.datasets, ({ datasetId }) => datasetId);
  const datasets = sets.map(datasetOf);
  const leftOut = (commit.extra?.['leftOut'] ?? null) as Backup['left_out'];
  const whole =
    !leftOut?.lost && commit.datasets.length === commit.expected && commit.datasets.every(({ status }) => status === 'completed');
  return {
    backup_id: commit.backupId,
    timestamp: requestedAt(commit.backupId) ?? new Date(commit.createdAtMs).toISOString(),
    type: commit.type,
    status: commit.purged ? 'deleted' : whole ? 'completed' : 'partial',
    tenant_id: commit.tenant,
    dataset_ids: datasets.map((dataset) => dataset.dataset_id),
    datasets,
    system_state: systemState.map(itemOf),
    left_out: leftOut,
    parent_id: commit.parentId ?? null,
    size_bytes: commit.datasets.reduce((sum, dataset) => sum + dataset.bytes, 0),
    compressed_size_bytes: commit.storedBytes,
    checksum: commit.checksum,
    duration_seconds: null,
    storage_path: commit.storagePath,
    error_message: null,
    metadata: metadataOf(commit),
  };
}

/** Words of users and keys are the log's; that it has the state of a snapshot stands in the commit. */
function metadataOf({ extra }: Commit): Backup['metadata'] {
  const from = extra?.['promotedFrom'];
  return typeof from === 'string' ? { promoted_from: from } : null;
}

function datasetOf(dataset: Commit['datasets'][number]): BackupDataset {
  return {
    dataset_id: dataset.datasetId,
    format: dataset.format,
    status: dataset.status,
    objects: dataset.objects,
    bytes: dataset.bytes,
    new_bytes: dataset.newBytes,
    head_version: dataset.headVersion ?? null,
    branches: dataset.branches ?? [],
    tags: dataset.tags ?? [],
    rows: dataset.rows ?? null,
    findings: (dataset.findings ?? []) as Finding[],
    ...changesOf(dataset as { changes?: unknown }),
    ...(dataset.pinned && { pinned_objects: dataset.pinned.objects, pinned_bytes: dataset.pinned.bytes }),
  };
}

function itemOf({ datasetId, status, objects, bytes, newBytes, findings }: Commit['datasets'][number]): SystemStateItem {
  return { name: systemStateName(datasetId)!, status, objects, bytes, new_bytes: newBytes, findings: (findings ?? []) as Finding[] };
}

/** A tombstone: the backup ended without data. */
function givenUp({ backupId, tenant, reason, decidedAtMs, storagePath }: Tombstone): Backup {
  return {
    backup_id: backupId,
    timestamp: requestedAt(backupId) ?? new Date(decidedAtMs).toISOString(),
    type: '-',
    status: 'failed',
    tenant_id: tenant,
    dataset_ids: [],
    datasets: [],
    size_bytes: null,
    compressed_size_bytes: null,
    storage_path: storagePath,
    error_message: reason,
    metadata: null,
  };
}

/** As the commit has it; the engine keeps it word for word. */
function changesOf({ changes }: { readonly changes?: unknown }): Pick<BackupDataset, 'changes'> {
  if (changes === undefined) return {};
  const { change, rows, exact, ...files } = changes as Omit<NonNullable<BackupDataset['changes']>, 'files'> &
    NonNullable<BackupDataset['changes']>['files'];
  return { changes: { change, rows: rows ?? null, exact, files } };
}
