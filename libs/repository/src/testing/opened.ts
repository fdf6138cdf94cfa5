import type { ObjectStore } from '@dr/storage';
import type { EngineOptions, Repository, TenantRepository } from '../api.ts';
import { initRepository, openRepository } from '../repository.ts';
import type { BackupType, CapturedTree, Commit, CommitManifest } from '../types.ts';
import { captureFiles } from './folders.ts';

export const unlock = { passphrase: async () => 'correct horse battery staple' };
/** Cheap, so that a test does not wait for argon2. */
export const kdf = { memoryKiB: 8, passes: 1, parallelism: 1 };
export const NOW = Date.UTC(2026, 10, 24);
export const options: EngineOptions = { workers: 1, now: () => NOW };

export const newRepository = (store: ObjectStore, more: Partial<EngineOptions> = {}): Promise<Repository> =>
  initRepository(store, { ...options, ...more, unlock, kdf });

export const reopened = (store: ObjectStore, mode: 'read' | 'write' = 'write', more: Partial<EngineOptions> = {}): Promise<Repository> =>
  openRepository(store, { ...options, ...more, unlock, mode });

export function manifestOf(backupId: string, trees: readonly CapturedTree[], type: BackupType = 'full'): CommitManifest {
  const datasets = trees.map(({ datasetId, root, objects, bytes, newBytes }) => ({
    datasetId,
    format: 'opaque' as const,
    root,
    status: 'completed',
    objects,
    bytes,
    newBytes,
  }));
  return { backupId, tenant: 'acme', type, datasets, createdAtMs: NOW, expected: trees.length };
}

/** Captures folders as data sets and commits. */
export async function backUp(
  tenant: TenantRepository,
  backupId: string,
  folders: Readonly<Record<string, string>>,
  type: BackupType = 'full',
) {
  const session = await tenant.session(backupId, { type });
  try {
    const trees: CapturedTree[] = [];
    for (const [datasetId, root] of Object.entries(folders))
      trees.push(await session.capture({ datasetId, root, files: captureFiles(root) }));
    const commit = (await session.commit(manifestOf(backupId, trees, type))) as Commit;
    return { trees, commit };
  } finally {
    await session.close();
  }
}
