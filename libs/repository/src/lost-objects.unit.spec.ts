import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { MemoryStore } from '@dr/storage/faults';
import type { Repository } from './api.ts';
import { encodeSigned } from './format/signed-json.ts';
import { openRepository } from './repository.ts';
import { contentsOf, folderOf, removeFolders, temporaryFolder } from './testing/folders.ts';
import { backUp, newRepository, options, reopened, unlock } from './testing/opened.ts';
import { publishPlan, scopeOf } from './testing/publish-plan.ts';

const DAY = 24 * 3600 * 1000;
const opened: Repository[] = [];
let store: MemoryStore;
let at: number;

beforeEach(() => {
  at = Date.UTC(2026, 10, 24);
  store = new MemoryStore({ now: () => at });
});
afterEach(async () => {
  for (const repository of opened.splice(0)) await repository.close();
});
afterAll(removeFolders);

const kept = (repository: Repository): Repository => {
  opened.push(repository);
  return repository;
};
const sample = (): string => folderOf({ 'a.bin': randomBytes(30_000), 'b.json': '{}' });

describe('repository.json that is lost beside keys and backups', () => {
  let root: string;
  let original: Buffer;
  let id: string;

  beforeEach(async () => {
    const repository = kept(await newRepository(store));
    id = repository.id;
    root = sample();
    const tenant = await repository.tenant('acme', { create: true });
    await tenant.abandon('backup_0', 'cancelled');
    await backUp(tenant, 'backup_1', { set: root });
    await backUp(tenant, 'backup_2', { set: root });
    original = Buffer.from(store.objects.get('repository.json')!.bytes);
    store.objects.delete('repository.json');
  });

  test('is never made anew by making a repository: that one would have other keys or another id', async () => {
    const before = [...store.objects.keys()].sort();
    await expect(newRepository(store)).rejects.toMatchObject({
      code: 'repository.description_lost',
      message: expect.stringMatching(/Open it/),
    });
    expect([...store.objects.keys()].sort()).toEqual(before);
  });

  test('keeps no reader out, who writes nothing; verify names it', async () => {
    const repository = kept(await reopened(store, 'read'));
    expect(repository.id).toBe(id);
    const tenant = await repository.tenant('acme');
    const target = join(temporaryFolder(), 'back');
    await tenant.restore((await tenant.commit('backup_1')).datasets[0]!.root!, target);
    expect(contentsOf(target)).toEqual(contentsOf(root));
    expect(store.objects.has('repository.json')).toBe(false);
    const { findings } = await tenant.verify('backup_1', { level: 'full' });
    expect(findings).toMatchObject([{ object: 'repository.json', kind: 'missing' }]);
  });

  test('is put back from a commit, byte for byte, when the repository is opened for writing', async () => {
    const scope = await scopeOf(store, id);
    (store.objects.get(scope.names.decision('backup_1'))!.bytes as Buffer)[150]! ^= 1;
    kept(await openRepository(store, { ...options, unlock, mode: 'write', now: () => at + DAY }));
    expect(Buffer.from(store.objects.get('repository.json')!.bytes)).toEqual(original);
    expect((await reopened(store)).id).toBe(id);
  });

  test('without any commit the keys say enough', async () => {
    for (const key of [...store.objects.keys()]) if (key.includes('/backups/')) store.objects.delete(key);
    expect(kept(await reopened(store)).id).toBe(id);
    expect(JSON.parse(Buffer.from(store.objects.get('repository.json')!.bytes).toString())).toMatchObject({ id, encryption: true });
  });

  test('is still asked the passphrase, and a wrong one is told of', async () => {
    const wrong = { passphrase: async () => 'wrong one, alas' };
    await expect(openRepository(store, { ...options, unlock: wrong, mode: 'write' })).rejects.toMatchObject({
      code: 'keys.wrong_passphrase',
    });
    expect(store.objects.has('repository.json')).toBe(false);
  });
});

test('a repository of a newer format is refused by name before a passphrase is asked for', async () => {
  const repository = kept(await newRepository(store));
  await repository.tenant('acme', { create: true });
  const { ring } = await scopeOf(store, repository.id);
  const newer = encodeSigned(ring, 'repository.json', { format: 2, id: repository.id } as { format: number });
  store.objects.set('repository.json', { bytes: newer, modifiedAtMs: 0 });
  const asked = { passphrase: () => Promise.reject(new Error('nobody should ask')) };
  await expect(openRepository(store, { ...options, unlock: asked, mode: 'read' })).rejects.toMatchObject({
    code: 'repository.format_too_new',
    message: expect.stringMatching(/repository\.json has format 2.*newer version/),
  });
});

describe('a backup whose commit was removed', () => {
  test('is told of: by its traces, and as a warning of verify once it was silent for a day', async () => {
    const tenant = await kept(await newRepository(store, { now: () => at })).tenant('acme', { create: true });
    await backUp(tenant, 'backup_1', { set: sample() });
    await backUp(tenant, 'backup_2', { set: sample() });
    expect(await tenant.undecided()).toEqual([]);
    const scope = await scopeOf(store, opened[0]!.id);
    store.objects.delete(scope.names.decision('backup_1'));
    const [lost, ...others] = await tenant.undecided();
    expect(others).toEqual([]);
    expect(lost).toEqual({ backupId: 'backup_1', type: 'full', startedAtMs: at, segments: 1, lastSeenMs: at });
    expect((await tenant.verify('backup_2', { level: 'quick' })).warnings).toEqual([]);
    at += 2 * DAY;
    expect((await tenant.undecided())[0]!.warning).toMatch(/^Backup backup_1 has/);
    const report = await tenant.verify('backup_2', { level: 'quick' });
    expect(report).toMatchObject({
      ok: true,
      warnings: [expect.stringMatching(/^Backup backup_1 has 1 index segments.*removed from the store/)],
    });
    expect((await tenant.verify('backup_1', { level: 'quick' })).findings).toMatchObject([{ kind: 'missing' }]);
  });

  test('is known by its segments, too, when its session object is gone; one that a plan purged is not told of', async () => {
    const tenant = await kept(await newRepository(store)).tenant('acme', { create: true });
    await backUp(tenant, 'backup_1', { set: sample() });
    const scope = await scopeOf(store, opened[0]!.id);
    store.objects.delete(scope.names.session('backup_1'));
    store.objects.delete(scope.names.decision('backup_1'));
    expect(await tenant.undecided()).toMatchObject([{ backupId: 'backup_1', segments: 1 }]);
    await publishPlan(store, scope, { n: 1, purged: ['backup_1'] });
    expect(await tenant.undecided()).toEqual([]);
  });

  test('is told apart from one that only began', async () => {
    const tenant = await kept(await newRepository(store)).tenant('acme', { create: true });
    await (await tenant.session('backup_1', { type: 'incremental' })).close();
    expect(await tenant.undecided()).toMatchObject([{ backupId: 'backup_1', type: 'incremental', segments: 0 }]);
    at += 2 * DAY;
    await backUp(tenant, 'backup_2', { set: sample() });
    expect((await tenant.verify('backup_2', { level: 'quick' })).warnings).toEqual([]);
  });
});
