import { FaultyStore, MemoryStore, plannedFaults } from '@dr/storage/faults';
import { jest } from '@jest/globals';
import { initRepository, openRepository } from './repository.ts';
import { kdf, newRepository, options, reopened, unlock } from './testing/opened.ts';
import { WorkerPool } from './workers/pool.ts';

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

describe('threads that are asked for while a repository opens', () => {
  const expected = jest.spyOn(WorkerPool.prototype, 'expect');
  const closed = jest.spyOn(WorkerPool.prototype, 'close');
  const started = (): number[] => expected.mock.contexts.map((pool) => (pool as WorkerPool).started);
  beforeEach(() => jest.clearAllMocks());
  afterAll(() => jest.restoreAllMocks());

  /** Asks for them in the midst of opening. */
  function opening(store: MemoryStore, passphrase: string) {
    const asked = Promise.withResolvers<void>();
    const ahead = (told: (bytes: number) => void): void => {
      told(Number.POSITIVE_INFINITY);
      asked.resolve();
    };
    const late = async () => {
      await asked.promise;
      expect(started()).toEqual([2]);
      return passphrase;
    };
    return openRepository(store, { ...options, workers: 2, mode: 'read', unlock: { passphrase: late }, ahead });
  }

  test('are there before its keys are, and end with it', async () => {
    const store = new MemoryStore();
    await newRepository(store);
    const repository = await opening(store, await unlock.passphrase());
    expect(closed).not.toHaveBeenCalled();
    await repository.close();
    expect(closed.mock.contexts).toEqual(expected.mock.contexts);
  });

  test('end where it does not open', async () => {
    const store = new MemoryStore();
    await newRepository(store);
    await expect(opening(store, 'another one')).rejects.toMatchObject({ code: 'keys.wrong_passphrase' });
    expect(closed.mock.contexts).toEqual(expected.mock.contexts);
    expect(expected).toHaveBeenCalledTimes(1);
  });

  test('are not started when nobody can use them any more', async () => {
    const store = new MemoryStore();
    await newRepository(store);
    const told = Promise.withResolvers<(bytes: number) => void>();
    const repository = await openRepository(store, { ...options, mode: 'read', unlock, ahead: told.resolve });
    await repository.close();
    (await told.promise)(1);
    expect(expected).not.toHaveBeenCalled();
  });
});
