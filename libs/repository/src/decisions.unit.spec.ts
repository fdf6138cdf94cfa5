import { randomBytes } from 'node:crypto';
import { FaultyStore, MemoryStore, plannedFaults } from '@dr/storage/faults';
import type { Repository, TenantRepository } from './api.ts';
import { folderOf, removeFolders } from './testing/folders.ts';
import { backUp, newRepository, reopened } from './testing/opened.ts';
import { publishPlan, scopeOf } from './testing/publish-plan.ts';

let store: MemoryStore;
let repository: Repository;
let tenant: TenantRepository;

beforeEach(async () => {
  store = new MemoryStore();
  repository = await newRepository(store);
  tenant = await repository.tenant('acme', { create: true });
  const [one, two] = [folderOf({ a: randomBytes(600) }), folderOf({ b: randomBytes(600) })];
  await backUp(tenant, 'backup_1', { one, two });
  await backUp(tenant, 'backup_2', { one }, 'incremental');
  await backUp(tenant, 'backup_3', { two }, 'incremental');
  await tenant.abandon('backup_4', 'cancelled');
});
afterEach(() => repository.close());
afterAll(removeFolders);

const newest = async (datasetId: string, options = {}): Promise<string | undefined> =>
  (await tenant.newestWith(datasetId, options))?.backupId;

describe('the newest backup with a data set', () => {
  test('is the last commit that has it, whatever came after', async () => {
    expect(await newest('one')).toBe('backup_2');
    expect(await newest('two')).toBe('backup_3');
    expect(await newest('three')).toBeUndefined();
  });

  test('may have to be of a type, older than an id, and suit the caller', async () => {
    expect(await newest('one', { type: 'full' })).toBe('backup_1');
    expect(await newest('one', { type: 'snapshot' })).toBeUndefined();
    expect(await newest('two', { before: 'backup_3' })).toBe('backup_1');
    expect(await newest('two', { before: 'backup_1' })).toBeUndefined();
    expect(await newest('two', { suits: ({ backupId }: { backupId: string }) => backupId !== 'backup_3' })).toBe('backup_1');
  });

  test('is not one that a plan purges, nor one whose commit is damaged', async () => {
    const scope = await scopeOf(store, repository.id);
    await publishPlan(store, scope, { n: 1, purged: ['backup_2'] });
    expect(await newest('one')).toBe('backup_1');
    const object = store.objects.get(scope.names.decision('backup_3'))!;
    (object.bytes as Buffer)[200]! ^= 1;
    expect(await newest('two')).toBe('backup_1');
  });

  test('has a tree: a data set of which nothing could be captured is passed over', async () => {
    const session = await tenant.session('backup_5', { type: 'incremental' });
    const lost = { datasetId: 'one', format: 'opaque' as const, status: 'failed', objects: 0, bytes: 0, newBytes: 0 };
    await session.commit({ backupId: 'backup_5', tenant: 'acme', type: 'incremental', datasets: [lost], createdAtMs: 0, expected: 1 });
    await session.close();
    expect(await newest('one')).toBe('backup_2');
  });

  test('is not guessed while the store cannot be read', async () => {
    const faults = plannedFaults({ kind: 'fail', on: 'read', key: /\/backups\// });
    const other = await reopened(new FaultyStore(store, faults), 'read');
    await expect((await other.tenant('acme')).newestWith('one')).rejects.toMatchObject({ code: 'store.unavailable' });
    await other.close();
  });

  test('is found among hundreds by reading a few decisions', async () => {
    for (let n = 100; n < 400; n++) await tenant.abandon(`backup_0${n}`, 'cancelled');
    const counted = new FaultyStore(store);
    const other = await reopened(counted, 'read');
    const acme = await other.tenant('acme');
    counted.calls.length = 0;
    expect((await acme.newestWith('two'))?.backupId).toBe('backup_3');
    expect(counted.calls.filter(({ operation }) => operation === 'read').length).toBeLessThanOrEqual(4);
    await other.close();
  });
});

describe('a list of backups', () => {
  test('comes by key, or the newest first, and damage hides none', async () => {
    const listed = async (newestFirst?: boolean): Promise<string[]> => {
      const ids: string[] = [];
      for await (const page of tenant.backups({ newestFirst, onDamaged: () => ids.push('damaged') }))
        ids.push(...page.map(({ backupId }) => backupId));
      return ids;
    };
    expect(await listed()).toEqual(['backup_1', 'backup_2', 'backup_3', 'backup_4']);
    expect(await listed(true)).toEqual(['backup_4', 'backup_3', 'backup_2', 'backup_1']);
    const scope = await scopeOf(store, repository.id);
    await publishPlan(store, scope, { n: 1, purged: ['backup_2'] });
    (store.objects.get(scope.names.decision('backup_3'))!.bytes as Buffer)[200]! ^= 1;
    expect(await listed(true)).toEqual(['damaged', 'backup_4', 'backup_1']);
  });

  test('that begins with the newest reads no more than is asked for', async () => {
    for (let n = 5; n < 60; n++) await tenant.abandon(`backup_9${n + 100}`, 'cancelled');
    const counting = new FaultyStore(store);
    const one = await (await reopened(counting)).tenant('acme');
    for await (const page of one.backups({ newestFirst: true })) {
      expect(page[0]!.backupId).toBe('backup_9159');
      break;
    }
    const read = counting.calls.filter(({ operation, key }) => operation === 'read' && key.includes('/backups/'));
    expect(read.length).toBeLessThanOrEqual(16);
  });
});
