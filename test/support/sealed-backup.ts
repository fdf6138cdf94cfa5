import { type BackupType, captureDecider, type Finding, streamOf } from '@dr/domain';
import type { FrontDoor } from './front-door.ts';

export interface SealedBackup {
  tenant?: string;
  /** Default full. */
  type?: BackupType;
  datasets?: readonly string[];
  /** Data sets that were captured torn. */
  torn?: readonly string[];
  /** Result of a verification; absent: none was made. */
  verified?: boolean;
}

let number = 0;

/** What an archiver and a verifier would have written of one backup: requested, captured, sealed and perhaps verified. @returns its id */
export async function sealedBackup(
  door: FrontDoor,
  { tenant = 'acme', type = 'full', datasets = ['a'], torn = [], verified }: SealedBackup = {},
) {
  const backupId = `backup_20260101_000000_${(++number).toString(16).padStart(8, '0')}`;
  const refs = datasets.map((datasetId, i) => ({ n: i + 1, datasetId, format: 'v4' as const, path: `${tenant}/${datasetId}` }));
  const request = { kind: 'request', backupId, tenant, backupType: type, datasets: refs, requestedBy: 'key_1' } as const;
  await door.backup(backupId, request, { kind: 'start' });
  for (const { n, datasetId } of refs) await captured(door, tenant, backupId, n, datasetId, torn.includes(datasetId));
  const sizes = { objects: 1, bytes: 100, newBytes: 10, storedBytes: 5 };
  const place = { checksum: 'c'.repeat(64), storagePath: `t/x/${backupId}`, committedAt: '2026-01-01T00:00:01.000Z' };
  const committed = datasets.map((datasetId) => ({ datasetId, status: torn.includes(datasetId) ? 'partial' : 'completed' }));
  await door.backup(backupId, { kind: 'recordDecision', decision: { kind: 'commit', backupId, ...place, ...sizes, datasets: committed } });
  if (verified !== undefined) {
    await door.backup(backupId, { kind: 'recordVerification', verificationId: 'v1', ok: verified, at: '2026-01-01T00:00:02.000Z' });
  }
  return backupId;
}

const lost: Finding = { format: 'v4', code: 'T6', severity: 'error', path: '_txn/7', message: 'the log names a file that is not there' };

async function captured(door: FrontDoor, tenant: string, backupId: string, n: number, datasetId: string, isTorn: boolean): Promise<void> {
  const command = {
    ...({ kind: 'recordCaptured', backupId, n, datasetId, format: 'v4', root: 'ab'.repeat(32), findings: isTorn ? [lost] : [] } as const),
    ...{ objects: 1, bytes: 100, newBytes: 10, storedBytes: 5, branches: [], tags: [], rows: 1 },
  };
  const meta = { tenant, requestId: 'spec', actor: 'archiver' };
  await door.house.store.decide(streamOf.capture(backupId, n), captureDecider, command, { commandId: `capture-${backupId}-${n}`, meta });
}
