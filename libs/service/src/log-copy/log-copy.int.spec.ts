/** The log and its copy in every relation to each other: on a real PostgreSQL and a repository in memory. */
import { randomUUID } from 'node:crypto';
import { chainHashes, logHead, rows, verifyChain } from '@dr/event-store';
import { initRepository, type Repository } from '@dr/repository';
import { MemoryStore } from '@dr/storage/faults';
import { type TestHouse, testHouse, until } from '../testing/test-house.ts';
import { LogCopy } from './log-copy.ts';

let store: MemoryStore;
let repository: Repository;
const houses: TestHouse[] = [];

async function newHouse(): Promise<TestHouse> {
  const house = await testHouse({ service: 'catalog' });
  houses.push(house);
  return house;
}

beforeEach(async () => {
  store = new MemoryStore();
  repository = await initRepository(store, { unlock: { passphrase: async () => 'unused' }, encryption: false, workers: 1, now: () => 0 });
});
afterEach(async () => {
  await repository.close();
  await Promise.all(houses.splice(0).map((house) => house.close()));
});

const copyOf = (house: TestHouse): LogCopy => new LogCopy({ database: house.database, store: house.store, uri: 'memory://' }, repository);
const meta = { tenant: 'acme', requestId: 'r', actor: 'spec' };
const cancelWish = { type: 'BackupCancelRequested', data: { by: 'k' } };

/** Other specs' open transactions in the same cluster may hold it up. */
async function sealed(house: TestHouse): Promise<void> {
  await until(async () => {
    await house.sealLog();
    return (await rows(house.database, 'SELECT 1 FROM unsealed LIMIT 1')).length === 0;
  }, 'everything to be sealed');
}

/** Appends `count` events to a stream and seals them. */
async function happens(house: TestHouse, stream: string, count = 1): Promise<void> {
  const events = house.store;
  const { version } = await events.load(stream, { initial: 0, evolve: (n: number) => n + 1 });
  await events.append(
    stream,
    version,
    Array.from({ length: count }, () => cancelWish),
    { commandId: randomUUID(), meta },
  );
  await sealed(house);
}

async function copied(house: TestHouse, copy = copyOf(house)): Promise<LogCopy> {
  if (!copy.end) await copy.reconcile({ mayImport: true });
  while (await copy.extend());
  return copy;
}

const logOf = async ({ database }: TestHouse) =>
  (await rows<{ body: Buffer }>(database, 'SELECT e.body FROM event_log l JOIN events e USING (event_id) ORDER BY l.position')).map(
    ({ body }) => body.toString(),
  );
const typesOf = async ({ store: events }: TestHouse) =>
  (await events.read(`repository-${repository.id}`)).map(({ type, data }) => ({ type, data }));
const keys = () => [...store.objects.keys()].filter((key) => key.startsWith('log/'));
const intact = async (house: TestHouse) => expect(await verifyChain(house.database)).toMatchObject({ ok: true });

/** A house with three segments in the repository: 1-2, 3-5, 6. */
async function threeSegments(): Promise<TestHouse> {
  const house = await newHouse();
  const copy = copyOf(house);
  await copy.reconcile({ mayImport: true });
  for (const [stream, count] of [
    ['backup-a', 2],
    ['backup-b', 3],
    ['backup-a', 1],
  ] as const) {
    await happens(house, stream, count);
    await copied(house, copy);
  }
  return house;
}

test('what is sealed is copied once, and a restart goes on behind it', async () => {
  const house = await threeSegments();
  expect(keys()).toEqual(['log/1/0000000000000001', 'log/1/0000000000000003', 'log/1/0000000000000006']);
  const again = copyOf(house);
  expect(await again.reconcile({ mayImport: true })).toEqual({ salvaged: 0, skipped: 0 });
  expect(again.end).toEqual({ ...(await logHead(house.database)), epoch: 1 });
  expect(await again.extend()).toBe(false);
  expect(await again.lag()).toMatchObject({ head: 6, behind: 0, ageMs: 0 });
  await happens(house, 'backup-c');
  expect(await again.lag()).toMatchObject({ head: 7, behind: 1 });
  await copied(house, again);
  expect(keys()).toHaveLength(4);
});

test('an empty database gets the whole log back, equal to the byte, and says so behind it', async () => {
  const before = await threeSegments();
  const after = await newHouse();
  const copy = copyOf(after);
  expect(await copy.reconcile({ mayImport: true })).toMatchObject({ imported: { first: 1, last: 6 } });
  expect(await logOf(after)).toEqual(await logOf(before));
  expect(await logHead(after.database)).toEqual(await logHead(before.database));
  expect(await typesOf(after)).toEqual([{ type: 'LogImported', data: expect.objectContaining({ first: 1, last: 6, epoch: 1 }) }]);
  await sealed(after);
  await copied(after, copy);
  expect(keys().at(-1)).toBe('log/1/0000000000000007');
  await intact(after);
});

test('a database that was set back gets the rest, and an import that was cut off goes on', async () => {
  const before = await threeSegments();
  const after = await newHouse();
  for (let position = 1; position <= 4; position++) {
    const body = (await logOf(before))[position - 1];
    await after.database.query('SELECT import_events($1, $2, NULL)', [position - 1, [Buffer.from(body!)]]);
  }
  expect(await copyOf(after).reconcile({ mayImport: true })).toMatchObject({ imported: { first: 5, last: 6 } });
  expect(await logOf(after)).toEqual(await logOf(before));
});

test.each([4, 6])(
  'an import that was killed at event %i is recorded whole by a house that has never seen the copy, and once',
  async (end) => {
    const before = await threeSegments();
    const after = await newHouse();
    for (const [i, body] of (await logOf(before)).slice(0, end).entries())
      await after.database.query('SELECT import_events($1, $2, NULL)', [i, [Buffer.from(body)]]);
    for (let time = 1; time <= 2; time++)
      expect(await copyOf(after).reconcile({ mayImport: true, isNew: true })).toMatchObject({ imported: { first: 1, last: 6 } });
    expect(await typesOf(after)).toEqual([{ type: 'LogImported', data: expect.objectContaining({ first: 1, last: 6 }) }]);
  },
);

test('a house that makes the first copy itself has nothing from there', async () => {
  const house = await newHouse();
  await happens(house, 'backup-a', 2);
  expect(await copyOf(house).reconcile({ mayImport: true, isNew: true })).toEqual({ salvaged: 0, skipped: 0 });
});

test('a database that went on by itself begins a new epoch where it parted, and the old tail stays', async () => {
  const before = await threeSegments();
  const after = await newHouse();
  for (const [i, body] of (await logOf(before)).slice(0, 4).entries())
    await after.database.query('SELECT import_events($1, $2, NULL)', [i, [Buffer.from(body)]]);
  await happens(after, 'backup-x');
  const copy = copyOf(after);
  expect(await copy.reconcile({ mayImport: true })).toMatchObject({ forked: { epoch: 2, position: 4, cause: 'diverged', objects: [] } });
  expect(await copyOf(after).reconcile({ mayImport: true })).toMatchObject({ forked: { epoch: 2 } });
  await sealed(after);
  expect(await typesOf(after)).toEqual([{ type: 'LogForked', data: expect.objectContaining({ epoch: 2, fromEpoch: 1, position: 4 }) }]);
  await copied(after, copy);
  expect(keys()).toEqual(['log/1/0000000000000001', 'log/1/0000000000000003', 'log/1/0000000000000006', 'log/2/0000000000000005']);
  const third = await newHouse();
  await copyOf(third).reconcile({ mayImport: true });
  expect(await logOf(third)).toEqual(await logOf(after));
});

test('what waits to be sealed and contradicts the copy makes a new epoch, and is kept', async () => {
  await threeSegments();
  const after = await newHouse();
  await after.store.append('backup-a', 0, [cancelWish], { commandId: 'c', meta });
  expect(await copyOf(after).reconcile({ mayImport: true })).toMatchObject({ forked: { epoch: 2, position: 0, cause: 'diverged' } });
  await sealed(after);
  expect((await logOf(after))[0]).toContain('backup-a');
  await intact(after);
});

test('the log of another installation is not written over, nor its events taken', async () => {
  await threeSegments();
  const other = await newHouse();
  await happens(other, 'backup-z');
  await expect(copyOf(other).reconcile({ mayImport: true })).rejects.toMatchObject({ code: 'log_copy.foreign' });
  expect(keys()).toHaveLength(3);
});

describe('a damaged copy', () => {
  const [first, second, third] = ['log/1/0000000000000001', 'log/1/0000000000000003', 'log/1/0000000000000006'] as const;
  const harm = (key: string) =>
    void store.objects.set(key, { bytes: Buffer.from(store.objects.get(key)!.bytes).fill(7, 150, 151), modifiedAtMs: 0 });

  test('in the middle: what comes before is as it was, what comes behind is taken over where streams have no gap', async () => {
    await threeSegments();
    harm(second);
    const after = await newHouse();
    const copy = copyOf(after);
    expect(await copy.reconcile({ mayImport: true })).toEqual({
      imported: { first: 1, last: 2 },
      forked: { epoch: 2, position: 2, cause: 'unreadable', objects: [second] },
      salvaged: 1,
      skipped: 0,
    });
    await sealed(after);
    await intact(after);
    await copied(after, copy);
    expect(keys()).toEqual([first, second, third, 'log/2/0000000000000003']);
    const fresh = await newHouse();
    expect(await copyOf(fresh).reconcile({ mayImport: true })).toMatchObject({ salvaged: 0 });
    expect(await logOf(fresh)).toEqual(expect.arrayContaining(await logOf(after)));
  });

  test('at the start: streams with a gap are left out, and counted', async () => {
    await threeSegments();
    store.objects.delete(first);
    const after = await newHouse();
    expect(await copyOf(after).reconcile({ mayImport: true })).toMatchObject({
      forked: { epoch: 2, position: 0, cause: 'unreadable', objects: [first] },
      salvaged: 3,
      skipped: 1,
    });
    await intact(after);
  });

  test('while the database is whole: it is written anew in a new epoch', async () => {
    const house = await threeSegments();
    harm(third);
    const copy = copyOf(house);
    expect(await copy.reconcile({ mayImport: true })).toMatchObject({ forked: { epoch: 2, position: 5, objects: [third] } });
    await copied(house, copy);
    expect(keys().at(-1)).toBe('log/2/0000000000000006');
    const fresh = await newHouse();
    await copyOf(fresh).reconcile({ mayImport: true });
    expect((await logOf(fresh)).slice(0, 6)).toEqual((await logOf(house)).slice(0, 6));
  });
});

test('two processes that copy the same log at the same time write one copy', async () => {
  const house = await newHouse();
  const copies = [copyOf(house), copyOf(house)];
  for (const copy of copies) await copy.reconcile({ mayImport: true });
  await happens(house, 'backup-a', 3);
  await copies[0]!.extend();
  await happens(house, 'backup-a', 2);
  for (const copy of copies.toReversed()) await copied(house, copy);
  expect(copies[0]!.end).toEqual(copies[1]!.end);
  expect(await typesOf(house)).toEqual([]);
  expect(await chainHashes(house.database, 5, 5)).toEqual(new Map([[5, copies[0]!.end!.hash]]));
});

/** Two houses with the first three segments, as after a copied database; both have compared and run. */
async function twins(): Promise<{ houses: readonly [TestHouse, TestHouse]; copies: readonly [LogCopy, LogCopy] }> {
  const [one, two] = [await threeSegments(), await newHouse()] as const;
  for (const [i, body] of (await logOf(one)).entries())
    await two.database.query('SELECT import_events($1, $2, NULL)', [i, [Buffer.from(body)]]);
  const copies = [copyOf(one), copyOf(two)] as const;
  for (const copy of copies) await copy.reconcile({ mayImport: false });
  return { houses: [one, two], copies };
}

const shared = (epoch: number, position: number) => ({
  code: 'log_copy.shared',
  details: { epoch, position, repositoryId: repository.id },
});

describe('two houses that write into one repository', () => {
  test('the second one meets the key of the first: it writes nothing, records nothing, and stays refused', async () => {
    const { houses, copies } = await twins();
    await happens(houses[0], 'backup-of-one', 2);
    await copied(houses[0], copies[0]);
    await happens(houses[1], 'backup-of-two');
    const before = new Map(store.objects);
    for (let round = 1; round <= 2; round++) await expect(copies[1].extend()).rejects.toMatchObject(shared(1, 6));
    expect(store.objects).toEqual(before);
    expect(copies[1].end).toMatchObject({ epoch: 1, position: 6 });
    expect(await typesOf(houses[1])).toEqual([]);
    expect(await copies[1].lag()).toMatchObject({ head: 7, behind: 1 });
    await happens(houses[0], 'backup-of-one');
    await copied(houses[0], copies[0]);
    expect(copies[0].end).toMatchObject({ epoch: 1, position: 9 });
  });

  test('one that is compared again goes on in a new epoch, and the other one notices, whose keys are never met', async () => {
    const { houses, copies } = await twins();
    await happens(houses[0], 'backup-of-one', 2);
    await copied(houses[0], copies[0]);
    await happens(houses[1], 'backup-of-two');
    const restarted = copyOf(houses[1]);
    expect(await restarted.reconcile({ mayImport: true })).toMatchObject({ forked: { epoch: 2, position: 6, cause: 'diverged' } });
    await sealed(houses[1]);
    await copied(houses[1], restarted);
    await happens(houses[0], 'backup-of-one');
    await expect(copies[0].extend()).rejects.toMatchObject(shared(2, 6));
    expect(keys().slice(-2)).toEqual(['log/1/0000000000000007', 'log/2/0000000000000007']);
    expect(await typesOf(houses[0])).toEqual([]);
    const third = await newHouse();
    await copyOf(third).reconcile({ mayImport: true });
    expect((await logOf(third)).slice(0, 8)).toEqual((await logOf(houses[1])).slice(0, 8));
    expect((await (await repository.log()).read({ epoch: 1, first: 7 })).bodies.map(String)).toEqual((await logOf(houses[0])).slice(6, 8));
  });

  test('two that begin the same epoch at different places do not mix in it', async () => {
    const { houses, copies } = await twins();
    await happens(houses[0], 'backup-of-one');
    await copied(houses[0], copies[0]);
    const early = await newHouse();
    for (const [i, body] of (await logOf(houses[1])).slice(0, 4).entries())
      await early.database.query('SELECT import_events($1, $2, NULL)', [i, [Buffer.from(body)]]);
    await happens(early, 'backup-early');
    await happens(houses[1], 'backup-of-two');
    const forks = [copyOf(early), copyOf(houses[1])];
    for (const copy of forks) expect(await copy.reconcile({ mayImport: true })).toMatchObject({ forked: { epoch: 2 } });
    await sealed(early);
    await sealed(houses[1]);
    await copied(early, forks[0]);
    await expect(forks[1]!.extend()).rejects.toMatchObject(shared(2, 4));
    expect(keys().filter((key) => key.startsWith('log/2/'))).toEqual(['log/2/0000000000000005']);
  });
});

test('a backup that ended makes the copy due at once, anything else does not', async () => {
  const house = await newHouse();
  const copy = await copied(house);
  await happens(house, 'backup-a');
  expect(await copy.isDue()).toBe(false);
  await house.store.append('backup-b', 0, [{ type: 'BackupCancelled', data: {} }], { commandId: 'end', meta });
  await sealed(house);
  expect(await copy.isDue()).toBe(true);
  await copied(house, copy);
  expect(await copy.isDue()).toBe(false);
});
