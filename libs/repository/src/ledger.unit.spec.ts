import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { MemoryStore } from '@dr/storage/faults';
import type { Repository, TenantRepository } from './api.ts';
import type { LedgerPlan } from './format/plan.ts';
import { encodeSealed } from './format/sealed-json.ts';
import type { TenantScope } from './tenant-scope.ts';
import { contentsOf, folderOf, removeFolders, temporaryFolder } from './testing/folders.ts';
import { backUp, newRepository } from './testing/opened.ts';
import { publishPlan, scopeOf } from './testing/publish-plan.ts';

let store: MemoryStore;
let repository: Repository;
let tenant: TenantRepository;
let scope: TenantScope;
let root: string;

beforeEach(async () => {
  store = new MemoryStore();
  repository = await newRepository(store);
  tenant = await repository.tenant('acme', { create: true });
  root = folderOf({ 'a.bin': randomBytes(300_000), 'b.json': '{}' });
  scope = await scopeOf(store, repository.id);
});
afterEach(() => repository.close());
afterAll(removeFolders);

const publish = (plan: Partial<LedgerPlan> & { n: number }): Promise<void> => publishPlan(store, scope, plan);

const packs = (kind: string): string[] =>
  [...store.objects.keys()].filter((key) => key.includes(`/packs/${kind}/`)).map((key) => key.slice(-64));
const listed = async (): Promise<string[]> => {
  const ids: string[] = [];
  for await (const page of tenant.backups()) ids.push(...page.map(({ backupId }) => backupId));
  return ids;
};

test('a purged backup is gone from the moment a plan names it, even while its bytes are there', async () => {
  await backUp(tenant, 'backup_1', { set: root });
  await backUp(tenant, 'backup_2', { set: root });
  await publish({ n: 1, purged: ['backup_1'] });
  expect(await listed()).toEqual(['backup_2']);
  await expect(tenant.commit('backup_1')).rejects.toMatchObject({ code: 'repository.backup_purged', details: { plan: 1 } });
});

test('a pack that any plan names is absent for dedup, for ever; a reader still uses it (R2, R8)', async () => {
  const first = await backUp(tenant, 'backup_1', { set: root });
  await publish({ n: 1, victims: packs('data') });
  await publish({ n: 2 });
  const { trees, commit } = await backUp(tenant, 'backup_2', { set: root });
  expect(trees[0]!.newBytes).toBeGreaterThanOrEqual(300_000);
  expect(commit.storedBytes).toBeGreaterThan(300_000);
  const target = join(temporaryFolder(), 'back');
  await tenant.restore(first.commit.datasets[0]!.root!, target);
  expect(contentsOf(target)).toEqual(contentsOf(root));
});

test('a reader that finds a pack gone reads the index again and uses the other copy (R8)', async () => {
  await backUp(tenant, 'backup_1', { set: root });
  const { trees } = { trees: (await tenant.commit('backup_1')).datasets };
  expect(Buffer.compare(await tenant.readFile(trees[0]!.root!, 'a.bin', { start: 0, end: 10 }), Buffer.alloc(0))).toBe(1);
  const victims = [...packs('data'), ...packs('meta')];
  await publish({ n: 1, victims });
  await backUp(tenant, 'backup_2', { set: root });
  for (const key of [...store.objects.keys()]) if (victims.includes(key.slice(-64))) await store.delete(key);
  const target = join(temporaryFolder(), 'back');
  await tenant.restore(trees[0]!.root!, target);
  expect(contentsOf(target)).toEqual(contentsOf(root));
  expect((await tenant.readFile(trees[0]!.root!, 'a.bin')).length).toBe(300_000);
});

test('a plan of a newer format stops readers and writers: its rules are unknown', async () => {
  await backUp(tenant, 'backup_1', { set: root });
  const key = scope.names.plan(1);
  const belonging = { repositoryId: repository.id, tag: scope.keys.tag, epoch: scope.ring.epoch };
  await store.createIfAbsent(key, encodeSealed('ledger', key, belonging, scope.ring.systemKey, randomBytes(32), { format: 99, n: 1 }));
  await expect(tenant.session('backup_2', { type: 'full' })).rejects.toMatchObject({ code: 'repository.format_too_new' });
  await expect(tenant.commit('backup_1')).rejects.toMatchObject({ code: 'repository.format_too_new' });
  await expect(listed()).rejects.toMatchObject({ code: 'repository.format_too_new' });
});

test('a missing or broken plan stops writers, is told of by verify, and does not keep a reader from restoring', async () => {
  const { commit } = await backUp(tenant, 'backup_1', { set: root });
  await publish({ n: 1 });
  await publish({ n: 2 });
  await store.delete(scope.names.plan(1));
  await expect(tenant.session('backup_2', { type: 'full' })).rejects.toMatchObject({ code: 'store.object_missing' });
  const report = await tenant.verify('backup_1', { level: 'quick' });
  expect(report.findings.map(({ object, kind }) => [object, kind])).toEqual([[scope.names.plan(1), 'missing']]);
  await tenant.restore(commit.datasets[0]!.root!, join(temporaryFolder(), 'back'));
});

test('a plan that does not follow on the one before it is refused', async () => {
  await publish({ n: 1 });
  await publish({ n: 2, previous: '00'.repeat(32) });
  await expect(tenant.session('backup_1', { type: 'full' })).rejects.toThrow(/ledger\/2-plan is damaged: it does not follow/);
});
