import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type DatasetReport, type Finding, inspectDataset } from '@dr/deeplake';
import type { RecordCaptured } from '@dr/domain';
import { type Commit, initRepository, type Repository, type TenantRepository } from '@dr/repository';
import { placeOf, restoreDataset } from '@dr/restore';
import { type ObjectStore, openSourceFolder, openStore } from '@dr/storage';
import { captureDataset } from '../../../services/archiver/src/capture-dataset/capture-dataset.ts';

const now = () => Date.now();
export const PASSPHRASE = 'only for this test';
export const TENANT = 'live';

/** One backup of one data set, as the archiver records it. */
export interface LiveBackup {
  readonly id: string;
  readonly record: RecordCaptured;
  readonly commit: Commit;
  readonly status: 'completed' | 'partial';
  readonly ms: number;
}

export interface Restored {
  readonly folder: string;
  /** What the restore tells: its repairs, and what the checks say of the result. */
  readonly findings: readonly Finding[];
  readonly report: DatasetReport;
}

const CHOICES = {
  overwriteExisting: false,
  force: false,
  verifyIntegrity: true,
  restoreIndexes: true,
  restoreMetadata: true,
  paths: [],
} as const;

/** A repository that data sets of one tenant are backed up into while they are written: the archiver's capture, without the house around it. */
export class LiveRepository {
  readonly location: string;
  readonly #store: ObjectStore;
  readonly #repository: Repository;
  readonly #tenant: TenantRepository;

  private constructor(location: string, store: ObjectStore, repository: Repository, tenant: TenantRepository) {
    this.location = location;
    this.#store = store;
    this.#repository = repository;
    this.#tenant = tenant;
  }

  static async create(location: string): Promise<LiveRepository> {
    await mkdir(dirname(location), { recursive: true });
    const store = await openStore(location);
    const repository = await initRepository(store, { unlock: { passphrase: async () => PASSPHRASE }, now, workers: 1 });
    return new LiveRepository(location, store, repository, await repository.tenant(TENANT, { create: true }));
  }

  /** Backs up `<sourceRoot>/live/<datasetId>` and seals the backup. */
  async backUp(sourceRoot: string, datasetId: string, format: 'v3' | 'v4'): Promise<LiveBackup> {
    const id = `backup_20300101_000000_${randomBytes(4).toString('hex')}`;
    const begun = now();
    const session = await this.#tenant.session(id, { type: 'full' });
    const dataset = { n: 1, datasetId, format, path: `${TENANT}/${datasetId}` };
    const record = await captureDataset({ session, tenant: this.#tenant, backupId: id, dataset, sourceRoot, now });
    const status = record.findingCounts!.error === 0 ? 'completed' : 'partial';
    const { root, objects, bytes, newBytes, findings } = record;
    const sealed = { datasetId, format: record.format, root, status, objects, bytes, newBytes, findings } as const;
    const manifest = { backupId: id, tenant: TENANT, type: 'full', datasets: [sealed], createdAtMs: now(), expected: 1 } as const;
    const commit = (await session.commit(manifest)) as Commit;
    await session.close();
    return { id, record, commit, status, ms: now() - begun };
  }

  /** Restores as the restorer does into `<root>/restored/set`, where nothing is yet; then reads every byte of it. */
  async restore({ commit, record }: LiveBackup, root: string, keepTornHead = false): Promise<Restored> {
    await mkdir(root, { recursive: true });
    const place = placeOf(root, { tenant: 'restored', dataset: 'set', restoreId: 'restore_1', n: 1, token: 1 });
    const { findings } = await restoreDataset({
      tenant: this.#tenant,
      commit,
      dataset: { from: record.datasetId, to: 'set', format: record.format, root: record.root },
      options: { ...CHOICES, keepTornHead },
      place,
      sourceRoot: root,
      signal: new AbortController().signal,
      progress: () => undefined,
      now,
      beginSwap: async () => undefined,
    });
    return { folder: place.target, findings, report: await inspectDataset(await openSourceFolder(place.target), { deep: true }) };
  }

  /** The files of a backup as they were captured, sorted by path. */
  async sizesOf({ record }: LiveBackup): Promise<Map<string, number>> {
    const sizes: [string, number][] = [];
    for await (const { path, kind, size } of this.#tenant.entries(record.root)) if (kind === 'file') sizes.push([path, size]);
    return new Map(sizes.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  async close(): Promise<void> {
    await this.#repository.close();
    await this.#store.close();
  }
}
