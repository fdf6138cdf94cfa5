import type { ApiKeyCreated } from '../api-key/events.ts';
import type { CommitDecision, RequestBackup, TombstoneDecision } from '../backup/commands.ts';
import type { BackupEvent } from '../backup/events.ts';
import type { RecordCaptured } from '../capture/commands.ts';
import type { DatasetRef, Finding } from '../dataset/dataset.ts';
import type { RequestRestore } from '../restore/commands.ts';
import type { RestoreEvent, RestoreOptions } from '../restore/events.ts';
import type { RequestVerification } from '../verification/commands.ts';

export const BACKUP_ID = 'backup_20260301_120000_0a1b2c3d';
const NOON = '2026-03-01T12:00:00.000Z';

export const articles: DatasetRef = { n: 1, datasetId: 'articles', format: 'v4', path: 'acme/articles' };
export const support: DatasetRef = { n: 2, datasetId: 'support', format: 'v3', path: 'acme/support' };

export const v4 = (code: string, severity: Finding['severity'] = 'error'): Finding => ({
  format: 'v4',
  code,
  severity,
  path: '_txn/7',
  message: 'the log names a file that is not there',
});

export function requestBackup(datasets: readonly DatasetRef[] = [articles, support], more: Partial<RequestBackup> = {}): RequestBackup {
  return { kind: 'request', backupId: BACKUP_ID, tenant: 'acme', backupType: 'full', datasets, requestedBy: 'key_1', ...more };
}

export function backupRequested(datasets?: readonly DatasetRef[]): BackupEvent {
  const { kind: _, ...data } = requestBackup(datasets);
  return { type: 'BackupRequested', data };
}

export const backupStarted: BackupEvent = { type: 'BackupStarted', data: {} };

export function commit(statuses: Record<string, string>, more: Partial<CommitDecision> = {}): CommitDecision {
  const datasets = Object.entries(statuses).map(([datasetId, status]) => ({
    datasetId,
    status,
    ...(status === 'partial' && { cause: 'v4 T6' }),
  }));
  const sizes = { objects: 12, bytes: 9_000, newBytes: 800, storedBytes: 500 };
  const place = { checksum: 'c'.repeat(64), storagePath: `t/ab/backups/${BACKUP_ID}`, committedAt: NOON };
  return { kind: 'commit', backupId: BACKUP_ID, ...place, ...sizes, datasets, ...more };
}

export function sealed(
  outcome: 'completed' | 'partial',
  expected: number,
  missing: { datasetId: string; cause: string }[] = [],
): BackupEvent {
  const { kind: _, backupId: _id, datasets: _datasets, ...facts } = commit({});
  return { type: 'BackupSealed', data: { ...facts, outcome, expected, done: expected - missing.length, missing } };
}

export const tombstone = (reason: TombstoneDecision['reason'], more: Partial<TombstoneDecision> = {}): TombstoneDecision => ({
  kind: 'tombstone',
  backupId: BACKUP_ID,
  reason,
  ...more,
});

export function recordCaptured(findings: readonly Finding[] = [], more: Partial<RecordCaptured> = {}): RecordCaptured {
  const sizes = { objects: 6, bytes: 4_500, newBytes: 400, storedBytes: 250 };
  const heads = { branches: [{ name: 'main', id: 'main', headVersion: '7', rows: 40 }], tags: [], rows: 40, headVersion: '7' };
  const dataset = { backupId: BACKUP_ID, n: 1, datasetId: 'articles', format: 'v4', root: 'r'.repeat(64) } as const;
  return { kind: 'recordCaptured', ...dataset, ...sizes, ...heads, findings, ...more };
}

export const restoreOptions: RestoreOptions = {
  overwriteExisting: false,
  datasetMapping: {},
  verifyIntegrity: true,
  restoreIndexes: true,
  restoreMetadata: true,
  keepTornHead: false,
  paths: [],
  force: false,
};

export const RESTORED = [
  { n: 1, from: 'articles', to: 'articles', format: 'v4', root: 'r'.repeat(64) },
  { n: 2, from: 'support', to: 'support-old', format: 'v3', root: 's'.repeat(64) },
] as const;

export function requestRestore(options: Partial<RestoreOptions> = {}, more: Partial<RequestRestore> = {}): RequestRestore {
  const ids = { restoreId: 'restore_1', backupId: BACKUP_ID, tenant: 'acme', targetTenant: 'beta', requestedBy: 'key_1' };
  return { kind: 'request', ...ids, datasets: RESTORED, lacking: [], options: { ...restoreOptions, ...options }, ...more };
}

export function restoreRequested(options?: Partial<RestoreOptions>): RestoreEvent {
  const { kind: _, ...data } = requestRestore(options);
  return { type: 'RestoreRequested', data };
}

export const requestVerification: RequestVerification = {
  kind: 'request',
  verificationId: 'verification_1',
  backupId: BACKUP_ID,
  tenant: 'acme',
  level: 'full',
  requestedBy: 'key_1',
};

export const aKey: ApiKeyCreated = { keyId: 'key_2', hash: 'a'.repeat(64), tenant: 'acme', scopes: ['backup:read', 'restore:run'] };
