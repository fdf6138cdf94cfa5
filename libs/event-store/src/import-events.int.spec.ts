import { rows } from './database.ts';
import { logHead } from './event-log.ts';
import { importEvents, streamVersions } from './import-events.ts';
import { chainHead } from './testing/chain-head.ts';
import { as, event, logOrder, sealAll, type TestStore, testStore, unsealedCount } from './testing/test-store.ts';
import { verifyChain } from './verify-chain.ts';

let from: TestStore;
let to: TestStore;
let bodies: Buffer[];

beforeEach(async () => {
  [from, to] = await Promise.all([testStore(), testStore()]);
  await from.store.append('a-1', 0, [event(1), event(2)], as('command-1'));
  await from.store.append('b-1', 0, [event(3)], as('command-2'));
  await from.store.append('a-1', 2, [event(4)], as('command-3'));
  await sealAll(from.app);
  const found = await rows<{ body: Buffer }>(from.app, 'SELECT e.body FROM event_log l JOIN events e USING (event_id) ORDER BY l.position');
  bodies = found.map(({ body }) => body);
}, 60_000);
afterEach(async () => {
  await from[Symbol.asyncDispose]();
  await to[Symbol.asyncDispose]();
});

test('a log comes back with the same positions, ids, versions and hashes, as the services’ role, in pages', async () => {
  const half = await importEvents(to.app, { after: 0, bodies: bodies.slice(0, 3) });
  expect(half).toEqual({ position: 3, hash: chainHead(bodies.slice(0, 3)) });
  const { hash } = await logHead(from.app);
  expect(await importEvents(to.app, { after: 3, bodies: bodies.slice(3), hash })).toEqual({ position: 4, hash });
  expect(await logOrder(to.app)).toEqual(await logOrder(from.app));
  expect(await verifyChain(to.app)).toMatchObject({ ok: true, checked: 4, head: { hash } });
  expect(await streamVersions(to.app, ['a-1', 'b-1', 'c-1'])).toEqual(new Map(Object.entries({ 'a-1': 3, 'b-1': 1 })));
});

test('streams go on from there, and a command that was carried out before is known', async () => {
  await importEvents(to.app, { after: 0, bodies });
  expect(await to.store.append('a-1', 0, [event()], as('command-1'))).toMatchObject({ duplicate: true, stream: 'a-1', version: 2 });
  expect(await to.store.append('a-1', 3, [event()], as())).toMatchObject({ duplicate: false, version: 4 });
  expect(await sealAll(to.app)).toBe(5);
  expect(await verifyChain(to.app)).toMatchObject({ ok: true, checked: 5 });
});

test('events that do not give the hash asked for, or do not follow on the log’s end, change nothing', async () => {
  const { hash } = await logHead(from.app);
  await expect(importEvents(to.app, { after: 0, bodies: bodies.slice(0, 3), hash })).rejects.toThrow('the hash that was asked for');
  await expect(importEvents(to.app, { after: 1, bodies })).rejects.toThrow('the log ends at 0');
  await importEvents(to.app, { after: 0, bodies });
  await expect(importEvents(to.app, { after: 0, bodies })).rejects.toThrow('the log ends at 4');
  expect((await logHead(to.app)).position).toBe(4);
});

test('what waits to be sealed and is the same event gets its place; other waiting events keep theirs for later', async () => {
  await importEvents(to.app, { after: 0, bodies: bodies.slice(0, 3) });
  const [waiting] = [JSON.parse(bodies[3]!.toString()) as { eventId: string }];
  await to.superuser.query('SELECT append_events($1, $2, $3, $4)', ['a-1', 2, [bodies[3]], 'command-3']);
  await to.store.append('c-1', 0, [event()], as());
  expect(await importEvents(to.app, { after: 3, bodies: bodies.slice(3), hash: (await logHead(from.app)).hash })).toMatchObject({
    position: 4,
  });
  expect(await unsealedCount(to.app)).toBe(1);
  expect(await sealAll(to.app)).toBe(5);
  expect(await rows(to.app, 'SELECT position FROM event_log WHERE event_id = $1', [waiting.eventId])).toEqual([{ position: '4' }]);
});

test('another event in the place of one from the archive is a conflict, and nothing is imported', async () => {
  await to.store.append('a-1', 0, [event('other')], as());
  await expect(importEvents(to.app, { after: 0, bodies })).rejects.toMatchObject({ code: 'event_store.import_conflict' });
  expect((await logHead(to.app)).position).toBe(0);
  expect(await streamVersions(to.app, ['b-1'])).toEqual(new Map());
});

test('events of a damaged log go to other positions when no hash is asked for', async () => {
  const kept = [bodies[0]!, bodies[2]!];
  expect(await importEvents(to.app, { after: 0, bodies: kept })).toEqual({ position: 2, hash: chainHead(kept) });
  expect(await verifyChain(to.app)).toMatchObject({ ok: true, checked: 2 });
});

test('thousands come back at thousands a second', async () => {
  const template = JSON.parse(bodies[2]!.toString()) as Record<string, unknown>;
  const many = Array.from({ length: 5_000 }, (_, n) => {
    const eventId = `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
    return Buffer.from(JSON.stringify({ ...template, eventId, stream: `many-${n}`, meta: { commandId: `c-${n}` } }));
  });
  const since = performance.now();
  for (let after = 0; after < many.length; after += 1_000) await importEvents(to.app, { after, bodies: many.slice(after, after + 1_000) });
  const rate = many.length / ((performance.now() - since) / 1_000);
  process.stderr.write(`imported ${Math.round(rate)} events/s\n`);
  expect(rate).toBeGreaterThan(1_000);
});
