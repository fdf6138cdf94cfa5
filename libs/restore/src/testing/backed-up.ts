import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type CaptureFile, type Commit, type CommitDataset, initRepository, type Repository, type TenantRepository } from '@dr/repository';
import { type ObjectStore, openSourceFolder, openStore } from '@dr/storage';
import { freshDir } from '../../../../test/support/servers.ts';
import type { RestoreChoices } from '../options.ts';
import type { RestoredSet } from '../restored-set.ts';

export type Files = Record<string, string | Buffer>;

/** A real repository that holds one backup of tenant `acme`. */
export interface BackedUp {
  tenant: TenantRepository;
  commit: Commit;
  set(id: string, to?: string): RestoredSet;
  close(): Promise<void>;
}

const CHEAP = { memoryKiB: 8, iterations: 1, parallelism: 1 } as never;

/** `datasets`: folders, or files to make one of. `about`: what the commit says of a set beyond its files. `listedWith`: done to each folder before it is listed. */
export async function backedUp(
  datasets: Record<string, Files | string>,
  about: Record<string, Partial<CommitDataset>> = {},
  listedWith: (root: string) => void = () => undefined,
): Promise<BackedUp> {
  const store: ObjectStore = await openStore(freshDir('store'));
  const unlock = { passphrase: async () => 'a test' };
  const repository: Repository = await initRepository(store, {
    unlock,
    encryption: false,
    kdf: CHEAP,
    workers: 1,
    now: () => 1_764_000_000_000,
  });
  const tenant = await repository.tenant('acme', { create: true });
  const session = await tenant.session('backup_20260101_000000_00000001', { type: 'full' });
  const sets: CommitDataset[] = [];
  for (const [datasetId, files] of Object.entries(datasets)) {
    const root = typeof files === 'string' ? files : folderOf(files);
    listedWith(root);
    const listed = (await openSourceFolder(root)).list('', () => undefined) as AsyncIterable<CaptureFile[]>;
    const tree = await session.capture({ datasetId, root, files: listed });
    const { objects, bytes, newBytes } = tree;
    sets.push({ datasetId, format: 'opaque', root: tree.root, status: 'completed', objects, bytes, newBytes, ...about[datasetId] });
  }
  const manifest = {
    backupId: session.backupId,
    tenant: 'acme',
    type: 'full',
    datasets: sets,
    createdAtMs: 0,
    expected: sets.length,
  } as const;
  const commit = (await session.commit(manifest)) as Commit;
  await session.close();
  const set = (id: string, to = id): RestoredSet => {
    const { format, root } = commit.datasets.find((d) => d.datasetId === id)!;
    return { from: id, to, format, root: root! };
  };
  const close = async () => {
    await repository.close();
    await store.close();
  };
  return { tenant, commit, set, close };
}

export function folderOf(files: Files): string {
  const root = freshDir('set');
  for (const [path, content] of Object.entries({ 'meta.json': '{}', ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

export const choices = (more: Partial<RestoreChoices> = {}): RestoreChoices => ({
  overwriteExisting: false,
  force: false,
  verifyIntegrity: true,
  restoreIndexes: true,
  restoreMetadata: true,
  keepTornHead: false,
  paths: [],
  ...more,
});
