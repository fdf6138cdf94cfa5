import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FaultyStore, MemoryStore } from '@dr/storage/faults';
import type { Repository, TenantRepository } from '../api.ts';
import { folderOf, removeFolders, temporaryFolder } from '../testing/folders.ts';
import { backUp, newRepository, reopened } from '../testing/opened.ts';

let store: FaultyStore;
let objects: MemoryStore['objects'];
let repository: Repository;
let tenant: TenantRepository;

/** Two backups that share a pack each way: the second has one more file. */
beforeEach(async () => {
  const memory = new MemoryStore();
  objects = memory.objects;
  store = new FaultyStore(memory);
  repository = await newRepository(store);
  tenant = await repository.tenant('acme', { create: true });
  const root = folderOf({ 'a.bin': randomBytes(600_000), 'b.json': '{}' });
  await backUp(tenant, 'backup_1', { set: root });
  writeFileSync(join(root, 'c.bin'), randomBytes(500_000));
  await backUp(tenant, 'backup_2', { set: root }, 'incremental');
});
afterEach(() => repository.close());
afterAll(removeFolders);

const dataPacks = (): string[] => [...objects.keys()].filter((key) => key.includes('/packs/data/'));
const together = (level: 'quick' | 'full' = 'full') => tenant.verifyTogether(['backup_1', 'backup_2', 'backup_1'], { level });

test('several backups are verified by reading each pack once', async () => {
  store.calls.length = 0;
  const report = await together();
  expect(report).toMatchObject({ backupId: '', ok: true, findings: [], objects: 2 + 3 });
  for (const pack of dataPacks()) expect(store.calls.filter(({ operation, key }) => operation === 'read' && key === pack)).toHaveLength(1);
  expect((await together('quick')).ok).toBe(true);
});

test('damage names the backups and paths that need it, each by its own name', async () => {
  const [shared] = dataPacks();
  (objects.get(shared!)!.bytes as Buffer)[5000]! ^= 1;
  const report = await together();
  expect(report.ok).toBe(false);
  const finding = report.findings.find(({ object, paths }) => object === shared && paths.length > 0)!;
  const needs = dataPacks().indexOf(shared!) === 0 ? ['backup_1/set/a.bin', 'backup_2/set/a.bin'] : ['backup_2/set/c.bin'];
  expect([...finding.paths].sort()).toEqual(needs);
});

test('a backup that is not there is a finding and hides nothing of the others; a tombstone is the caller’s mistake', async () => {
  const report = await tenant.verifyTogether(['backup_1', 'backup_9'], { level: 'full' });
  expect(report.findings.map(({ kind }) => kind)).toEqual(['missing']);
  expect(report.objects).toBe(2);
  await tenant.abandon('backup_3', 'cancelled');
  await expect(tenant.verifyTogether(['backup_3'], { level: 'full' })).rejects.toMatchObject({ code: 'repository.backup_not_committed' });
});

test('a full verification of one backup reads every object that its restore reads', async () => {
  const readBy = async (work: () => Promise<unknown>): Promise<Set<string>> => {
    store.calls.length = 0;
    await work();
    return new Set(store.calls.filter(({ operation }) => operation === 'read').map(({ key }) => key));
  };
  for (const backupId of ['backup_1', 'backup_2']) {
    const reader = await (await reopened(store, 'read')).tenant('acme');
    const restored = await readBy(async () =>
      reader.restore((await reader.commit(backupId)).datasets[0]!.root!, join(temporaryFolder(), 'back')),
    );
    const verified = await readBy(async () => reader.verify(backupId, { level: 'full' }));
    expect([...restored].filter((key) => !verified.has(key))).toEqual([]);
    expect([...restored].filter((key) => key.includes('/packs/')).length).toBeGreaterThan(1);
  }
});

test('what is wrong with another tenant’s keys fails no verification of this one, and is not named in it', async () => {
  await repository.tenant('globex', { create: true });
  const others = [...objects.keys()].filter((key) => /^keys2?\/t\//.test(key) && !key.includes(tenantTag()));
  expect(others).toHaveLength(2);
  for (const key of others) objects.delete(key);
  objects.set(others[0]!, { ...objects.get('repository.json')! });
  expect(await together('quick')).toMatchObject({ ok: true, findings: [] });
});

/** The folder of the tenant that has backups. */
const tenantTag = (): string => [...objects.keys()].find((key) => key.includes('/backups/'))!.split('/')[1]!;
