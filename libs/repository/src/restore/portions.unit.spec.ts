import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { MemoryStore } from '@dr/storage/faults';
import { TenantIndex } from '../index/tenant-index.ts';
import { contentsOf, folderOf, removeFolders, temporaryFolder } from '../testing/folders.ts';
import { backUp, newRepository } from '../testing/opened.ts';
import { scopeOf } from '../testing/publish-plan.ts';
import { engineLimits } from '../workers/limits.ts';
import { WorkerPool } from '../workers/pool.ts';
import { restoreTree } from './restore-tree.ts';

afterAll(removeFolders);

const files = (): Record<string, Buffer | string> => ({
  ...Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`folder-${i % 3}/piece-${i}`, randomBytes(700 + i)])),
  large: randomBytes(5_000_000),
  small: 'inline',
  empty: '',
});

test('a tree that is restored in portions comes back whole, and counts each pack once', async () => {
  const store = new MemoryStore();
  const repository = await newRepository(store);
  const tenant = await repository.tenant('acme', { create: true });
  const source = folderOf(files());
  const { trees } = await backUp(tenant, 'backup_1', { set: source });
  const scope = await scopeOf(store, repository.id);
  const index = new TenantIndex(scope);
  await index.load();
  const { workers, buffers } = engineLimits({ now: () => 0, workers: 1 });
  const pool = new WorkerPool(workers, buffers);
  const reports = [];
  for (const portionPieces of [1, 7, 1000]) {
    const target = join(temporaryFolder(), 'back');
    const seen: number[] = [];
    const progress = ({ files }: { files: number }): void => void seen.push(files);
    reports.push(await restoreTree({ scope, index, pool, portionPieces }, trees[0]!.root, target, { progress }));
    expect(contentsOf(target)).toEqual(contentsOf(source));
    expect(Math.max(...seen)).toBe(43);
  }
  expect(new Set(reports.map(({ objects, bytes, packsRead }) => `${objects} ${bytes} ${packsRead}`)).size).toBe(1);
  await pool.close();
  await repository.close();
});
