import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { backupDecider, captureDecider, type DatasetRef, type RecordCaptured, type RequestBackup, streamOf } from '@dr/domain';
import type { TenantRepository } from '@dr/repository';
import { RepositoryAccess } from '@dr/service';
import { type TestHouse, testHouse } from '../../../../libs/service/src/testing/test-house.ts';
import { captureDataset } from '../capture-dataset/capture-dataset.ts';
import { migrations } from '../migrations.ts';
import { OpenSessions } from '../sessions/open-sessions.ts';

/** An archiver's insides on real servers, without its workers: specs call its slices themselves. */
export interface Archive {
  house: TestHouse;
  repository: RepositoryAccess;
  sessions: OpenSessions;
  close(): Promise<void>;
}

export async function archive(): Promise<Archive> {
  const house = await testHouse({ service: 'archiver', migrations });
  const repository = new RepositoryAccess({ config: house.config, mode: 'write', now: house.now });
  const close = async () => {
    await repository.close();
    await house.close();
  };
  return { house, repository, sessions: new OpenSessions(repository), close };
}

export const meta = { tenant: 'acme', requestId: 'request-1', actor: 'spec' };

/** Writes a data set without any format below the tenant `acme`. */
export function writeDataset({ house }: Pick<Archive, 'house'>, datasetId: string, files: Record<string, string | Buffer>): void {
  for (const [path, content] of Object.entries({ 'meta.json': '{}', ...files })) {
    const file = join(house.sourceRoot, 'acme', datasetId, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

let number = 0;
export const nextBackupId = (): string => `backup_20261124_000000_${String(++number).padStart(8, '0')}`;

export const refsOf = (ids: readonly string[], format: DatasetRef['format'] = 'opaque'): DatasetRef[] =>
  ids.map((datasetId, i) => ({ n: i + 1, datasetId, format, path: `acme/${datasetId}` }));

/** A backup that was requested and runs. @returns its id */
export async function requested({ house: { store } }: Archive, ids: readonly string[], more: Partial<RequestBackup> = {}): Promise<string> {
  const backupId = nextBackupId();
  const stream = streamOf.backup(backupId);
  const command = {
    kind: 'request',
    backupId,
    tenant: 'acme',
    backupType: 'full',
    datasets: refsOf(ids),
    requestedBy: 'key_1',
    ...more,
  } as const;
  await store.decide(stream, backupDecider, command, { commandId: `request-${backupId}`, meta });
  await store.decide(stream, backupDecider, { kind: 'start' }, { commandId: `start-${backupId}`, meta });
  return backupId;
}

export const keyOf = (backupId: string) => ({ tenant: 'acme', backupId, type: 'full' }) as const;

/** Captures one data set as it lies in the source. */
export const capture = ({ house, sessions }: Archive, backupId: string, dataset: DatasetRef): Promise<RecordCaptured> =>
  sessions.use(keyOf(backupId), (inUse) => captureDataset({ ...inUse, backupId, dataset, sourceRoot: house.sourceRoot, now: house.now }));

/** Captures the first `done` data sets of a backup, and records that the others failed. */
export async function captureAll(on: Archive, backupId: string, ids: readonly string[], done = ids.length): Promise<void> {
  for (const dataset of refsOf(ids)) {
    const { n, datasetId } = dataset;
    const failed = {
      kind: 'recordFailed',
      backupId,
      n,
      datasetId,
      code: 'capture.failed',
      message: `${datasetId} is away`,
      findings: [],
    } as const;
    const command = n <= done ? await capture(on, backupId, dataset) : failed;
    await on.house.store.decide(streamOf.capture(backupId, n), captureDecider, command, { commandId: `capture-${backupId}-${n}`, meta });
  }
}

export const tenantOf = async ({ repository }: Archive): Promise<TenantRepository> =>
  (await repository.open()).tenant('acme', { create: true });

export const eventsOf = async ({ house }: Archive, backupId: string) => house.store.read(streamOf.backup(backupId));
