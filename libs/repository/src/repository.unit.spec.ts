import { FaultyStore, MemoryStore, plannedFaults } from '@dr/storage/faults';
import { initRepository, openRepository } from './repository.ts';
import { kdf, newRepository, options, reopened } from './testing/opened.ts';

test('a repository is made once; a second one in the same place is refused', async () => {
  const store = new MemoryStore();
  const repository = await newRepository(store);
  expect(repository.id).toMatch(/^[0-9a-f]{32}$/);
  expect(repository.encryption).toBe(true);
  await expect(newRepository(store)).rejects.toMatchObject({ code: 'repository.exists' });
  expect((await reopened(store)).id).toBe(repository.id);
});

test('a making that died half-way is gone on with', async () => {
  const store = new FaultyStore(new MemoryStore());
  store.plan = plannedFaults({ kind: 'fail', on: 'createIfAbsent', key: /repository\.json/, times: 9 });
  await expect(newRepository(store)).rejects.toMatchObject({ code: 'store.unavailable' });
  store.plan = () => undefined;
  const repository = await newRepository(store);
  expect((await reopened(store)).id).toBe(repository.id);
});

test('an empty place, a wrong passphrase and an unknown tenant are told apart', async () => {
  const store = new MemoryStore();
  await expect(reopened(store)).rejects.toMatchObject({ code: 'repository.missing' });
  await newRepository(store);
  await expect(
    openRepository(store, { ...options, mode: 'read', unlock: { passphrase: async () => 'wrong one, alas' } }),
  ).rejects.toMatchObject({
    code: 'keys.wrong_passphrase',
  });
  const repository = await reopened(store, 'read');
  await expect(repository.tenant('nobody')).rejects.toMatchObject({ code: 'repository.tenant_unknown' });
  await expect(repository.tenant('nobody', { create: true })).rejects.toMatchObject({ code: 'repository.tenant_unknown' });
});

test('without encryption it opens without a passphrase and says so', async () => {
  const store = new MemoryStore();
  await initRepository(store, { ...options, encryption: false, unlock: {}, kdf });
  expect((await openRepository(store, { ...options, mode: 'read', unlock: {} })).encryption).toBe(false);
});

test('the description of another repository is refused, even a whole one', async () => {
  const [one, two] = [new MemoryStore(), new MemoryStore()];
  await newRepository(one);
  await newRepository(two);
  one.objects.set('repository.json', two.objects.get('repository.json')!);
  await expect(reopened(one)).rejects.toMatchObject({ code: 'repository.damaged', object: 'repository.json' });
});

test('reading an unknown backup says so; ids that cannot be are refused', async () => {
  const repository = await newRepository(new MemoryStore());
  const tenant = await repository.tenant('acme', { create: true });
  await expect(tenant.commit('backup_1')).rejects.toMatchObject({ code: 'repository.backup_unknown' });
  for (const id of ['', '../x', 'A', 'a/b', 'x'.repeat(129)])
    await expect(tenant.session(id, { type: 'full' })).rejects.toMatchObject({ code: 'repository.bad_request' });
  const report = await tenant.verify('backup_1', { level: 'quick' });
  expect(report.findings).toMatchObject([{ kind: 'missing', object: expect.stringMatching(/backups\/backup_1$/) }]);
  await repository.close();
});

test('a damaged decision hides no other backup', async () => {
  const store = new MemoryStore();
  const repository = await newRepository(store);
  const tenant = await repository.tenant('acme', { create: true });
  for (const id of ['backup_1', 'backup_2', 'backup_3']) {
    const session = await tenant.session(id, { type: 'full' });
    await session.abandon('a test');
    await session.close();
  }
  const key = [...store.objects.keys()].find((name) => name.endsWith('backups/backup_2'))!;
  (store.objects.get(key)!.bytes as Buffer)[40]! ^= 1;
  const [ids, damaged]: [string[], unknown[]] = [[], []];
  for await (const page of tenant.backups({ onDamaged: (error) => damaged.push(error) })) ids.push(...page.map(({ backupId }) => backupId));
  expect(ids).toEqual(['backup_1', 'backup_3']);
  expect(damaged).toMatchObject([{ code: 'repository.damaged', object: key }]);
  const all = async (): Promise<void> => {
    for await (const _ of tenant.backups());
  };
  await expect(all()).rejects.toMatchObject({ object: key });
  await repository.close();
});
