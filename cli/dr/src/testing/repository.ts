import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type BackupType, type CapturedTree, type CaptureFile, type CommitDataset, initRepository } from '@dr/repository';
import { openSourceFolder, openStore } from '@dr/storage';

export const PASSPHRASE = 'a passphrase for tests';
const CHEAP = { memoryKiB: 8, passes: 1, parallelism: 1 };

const made: string[] = [];

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dr-cli-'));
  made.push(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
}

export interface PlannedBackup {
  tenant: string;
  backupId: string;
  type?: BackupType;
  /** Data set id → path → content. No data set: the backup is given up. */
  datasets: Record<string, Record<string, string>>;
  /** What the commit says beside its data sets. */
  extra?: Record<string, unknown>;
  /** More about each data set than that it is whole. */
  about?: Record<string, Partial<CommitDataset>>;
}

/** A repository in a new folder with these backups in it. */
export async function repositoryWith(backups: readonly PlannedBackup[], { encryption = true } = {}): Promise<string> {
  const folder = temporaryFolder();
  const store = await openStore(folder);
  const unlock = { passphrase: async () => PASSPHRASE };
  const repository = await initRepository(store, { unlock, encryption, kdf: CHEAP, workers: 1, now: Date.now });
  for (const planned of backups) await backUp(await repository.tenant(planned.tenant, { create: true }), planned);
  await repository.close();
  await store.close();
  return folder;
}

type Tenant = Awaited<ReturnType<Awaited<ReturnType<typeof initRepository>>['tenant']>>;

async function backUp(
  tenant: Tenant,
  { backupId, type = 'full', datasets, about = {}, extra, tenant: name }: PlannedBackup,
): Promise<void> {
  const session = await tenant.session(backupId, { type });
  const trees: CapturedTree[] = [];
  for (const [datasetId, files] of Object.entries(datasets)) {
    const root = folderOf(files);
    trees.push(await session.capture({ datasetId, root, files: captureFiles(root) }));
  }
  if (trees.length === 0) await session.abandon('no data set could be captured');
  else
    await session.commit({
      backupId,
      tenant: name,
      type,
      datasets: trees.map((tree) => datasetOf(tree, about)),
      createdAtMs: Date.now(),
      expected: trees.length,
      ...(extra && { extra }),
    });
  await session.close();
}

function datasetOf(
  { datasetId, root, objects, bytes, newBytes }: CapturedTree,
  about: Record<string, Partial<CommitDataset>>,
): CommitDataset {
  return {
    datasetId,
    format: 'opaque',
    root,
    status: 'completed',
    objects,
    bytes,
    newBytes,
    rows: 3,
    branches: ['main'],
    ...about[datasetId],
  };
}

function folderOf(files: Record<string, string>): string {
  const root = temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

async function* captureFiles(root: string): AsyncGenerator<CaptureFile[]> {
  for await (const page of (await openSourceFolder(root)).list())
    yield page.map((file) => ({ ...file, kind: file.kind as CaptureFile['kind'] }));
}
