import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type RequestRestore, type RestoreDataset, type RestoreOptions, restoreDecider, streamOf } from '@dr/domain';
import type { CaptureFile, Commit, CommitDataset } from '@dr/repository';
import { RepositoryAccess } from '@dr/service';
import { openSourceFolder } from '@dr/storage';
import { restoreOptions as options } from '../../../../libs/domain/src/testing/samples.ts';
import { type TestHouse, testHouse, until } from '../../../../libs/service/src/testing/test-house.ts';
import { freshDir } from '../../../../test/support/servers.ts';
import { migrations } from '../migrations.ts';

/** A restorer's house with a repository that holds a backup of tenant `acme`. */
export interface Restoring {
  house: TestHouse;
  commit: Commit;
}

export const BACKUP_ID = 'backup_20260101_000000_00000001';

export type Files = Record<string, string | Buffer>;

/** @param about what the commit says of a data set beyond its files */
export async function restoring(datasets: Record<string, Files>, about: Record<string, Partial<CommitDataset>> = {}): Promise<Restoring> {
  const house = await testHouse({ service: 'restorer', migrations });
  const repository = new RepositoryAccess({ config: house.config, mode: 'write', now: house.now });
  try {
    const tenant = await (await repository.open()).tenant('acme', { create: true });
    const session = await tenant.session(BACKUP_ID, { type: 'full' });
    const sets: CommitDataset[] = [];
    for (const [datasetId, files] of Object.entries(datasets)) {
      const root = folderOf(files);
      const listed = (await openSourceFolder(root)).list() as AsyncIterable<CaptureFile[]>;
      const tree = await session.capture({ datasetId, root, files: listed });
      const { objects, bytes, newBytes } = tree;
      sets.push({ datasetId, format: 'opaque', root: tree.root, status: 'completed', objects, bytes, newBytes, ...about[datasetId] });
    }
    const manifest = { backupId: BACKUP_ID, tenant: 'acme', type: 'full', datasets: sets, createdAtMs: 0, expected: sets.length } as const;
    const commit = (await session.commit(manifest)) as Commit;
    await session.close();
    return { house, commit };
  } finally {
    await repository.close();
  }
}

function folderOf(files: Files): string {
  const root = freshDir('set');
  for (const [path, content] of Object.entries({ 'meta.json': '{}', ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

let number = 0;
const meta = { tenant: 'acme', requestId: 'request-1', actor: 'spec' };

interface Wish {
  targetTenant?: string;
  options?: Partial<RestoreOptions>;
  lacking?: RequestRestore['lacking'];
  mapping?: Record<string, string>;
  planned?: Record<string, string>;
}

/** A restore of everything in the backup as an event in the log. @returns its id */
export async function request({ house, commit }: Restoring, wish: Wish = {}): Promise<string> {
  const restoreId = `restore_${++number}`;
  const datasets: RestoreDataset[] = commit.datasets.map(({ datasetId: from, format, root }, i) => ({
    n: i + 1,
    from,
    to: wish.mapping?.[from] ?? from,
    format,
    root: root!,
    ...(wish.planned?.[from] !== undefined && { planned: wish.planned[from] }),
  }));
  const ids = { restoreId, backupId: BACKUP_ID, tenant: 'acme', targetTenant: wish.targetTenant ?? 'acme', requestedBy: 'key_1' };
  const command = { kind: 'request', ...ids, datasets, options: { ...options, ...wish.options }, lacking: wish.lacking ?? [] } as const;
  await house.store.decide(streamOf.restore(restoreId), restoreDecider, command, { commandId: `request-${restoreId}`, meta });
  return restoreId;
}

export const cancel = ({ house }: Restoring, restoreId: string) =>
  house.store.decide(
    streamOf.restore(restoreId),
    restoreDecider,
    { kind: 'requestCancel', by: 'key_1' },
    { commandId: `cancel-${restoreId}`, meta },
  );

export const stateOf = async ({ house }: Restoring, restoreId: string) =>
  (await house.store.load(streamOf.restore(restoreId), restoreDecider)).state;

/** The restore once it has ended. */
export const ended = (on: Restoring, restoreId: string) =>
  until(async () => {
    await on.house.sealLog();
    const state = await stateOf(on, restoreId);
    return 'ended' in state && state;
  }, `the end of ${restoreId}`);

export const namesIn = ({ house }: Restoring, tenant: string): string[] => {
  const folder = join(house.sourceRoot, tenant);
  return existsSync(folder) ? readdirSync(folder).sort() : [];
};

export const contentOf = ({ house }: Restoring, path: string): string => readFileSync(join(house.sourceRoot, path), 'utf8');

export function put({ house }: Restoring, path: string, content: string): void {
  mkdirSync(dirname(join(house.sourceRoot, path)), { recursive: true });
  writeFileSync(join(house.sourceRoot, path), content);
}
