import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type DatasetReport, inspectDataset, NO_REPAIR, repairOnRestore, syntheticFiles } from '@dr/deeplake';
import type { Finding, RecordCaptured } from '@dr/domain';
import { initRepository, type Repository, type TenantRepository } from '@dr/repository';
import { type ObjectStore, openSourceFolder, openStore } from '@dr/storage';
import { captureDataset } from '../../../services/archiver/src/capture-dataset/capture-dataset.ts';

const now = () => Date.now();
export const PASSPHRASE = 'only for this test';
export const TENANT = 'live';

/** One backup of one data set, as the archiver records it. */
export interface LiveBackup {
  readonly id: string;
  readonly record: RecordCaptured;
  readonly status: 'completed' | 'partial';
  readonly ms: number;
}

export interface Restored {
  readonly report: DatasetReport;
  readonly notes: readonly Finding[];
}

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
    await session.commit({ backupId: id, tenant: TENANT, type: 'full', datasets: [sealed], createdAtMs: now(), expected: 1 });
    await session.close();
    return { id, record, status, ms: now() - begun };
  }

  /** Restores as the restorer does, repair included unless `keepTornHead`, into a folder that does not exist; then reads every byte of it. */
  async restore({ record }: LiveBackup, target: string, keepTornHead = false): Promise<Restored> {
    const { root, format, findings } = record;
    const repair = keepTornHead
      ? NO_REPAIR
      : await repairOnRestore(this.#tenant.openFiles(root), { format, findings: findings as Finding[] });
    await mkdir(dirname(target), { recursive: true });
    await this.#tenant.restore(root, target, { filter: ({ path }) => !repair.leaveOut.has(path) });
    for (const { path, content } of repair.write) await put(target, path, content);
    const paths: string[] = repair.write.map(({ path }) => path);
    for await (const { path, kind } of this.#tenant.entries(root)) if (kind === 'file' && !repair.leaveOut.has(path)) paths.push(path);
    for (const { path, content } of syntheticFiles(paths, format)) await put(target, path, content);
    return { report: await inspectDataset(await openSourceFolder(target), { deep: true }), notes: repair.notes };
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

async function put(target: string, path: string, content: Uint8Array): Promise<void> {
  await mkdir(dirname(join(target, path)), { recursive: true });
  await writeFile(join(target, path), content);
}
