import { randomUUID } from 'node:crypto';
import { apiKeyDecider, type Decider, streamOf } from '@dr/domain';
import { DuplicateEventId, UnstorableEvent, VersionConflict } from './errors.ts';
import type { EventCodec, NewEvent } from './event.ts';
import { EventStore } from './event-store.ts';
import { as, event, plainCodec, type TestStore, testStore } from './testing/test-store.ts';

let t: TestStore;
beforeAll(async () => {
  t = await testStore();
});
afterAll(() => t[Symbol.asyncDispose]());

const newStream = () => `backup-${randomUUID()}`;

test('events come back as they went in, numbered from 1', async () => {
  const stream = newStream();
  const result = await t.store.append(stream, 0, [event(1, 'First'), event('ü €', 'Second')], as('command-1'));
  expect(result).toMatchObject({ stream, version: 2, duplicate: false });
  const read = await t.store.read(stream);
  expect(read).toEqual(result.events);
  expect(read[1]).toEqual({
    eventId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    stream,
    version: 2,
    type: 'Second',
    schemaVersion: 1,
    data: { n: 'ü €' },
    meta: { commandId: 'command-1', tenant: 'acme', requestId: 'request-1', actor: 'spec' },
    recordedAt: '2026-11-23T00:00:00.000Z',
  });
  expect(await t.store.read(stream, { fromVersion: 2 })).toEqual([read[1]]);
  expect(await t.store.read('backup-none')).toEqual([]);
});

test('expected version 0 means that the stream must not exist, and a conflict tells the actual version', async () => {
  const stream = newStream();
  await t.store.append(stream, 0, [event(), event()], as());
  for (const expected of [0, 1, 3]) {
    const append = t.store.append(stream, expected, [event()], as());
    await expect(append).rejects.toMatchObject({ code: 'event_store.version_conflict', expected, actual: 2 });
    await expect(append).rejects.toBeInstanceOf(VersionConflict);
  }
  await expect(t.store.append(newStream(), 1, [event()], as())).rejects.toMatchObject({ actual: 0 });
  expect(await t.store.read(stream)).toHaveLength(2);
});

test('the same command again writes nothing and answers with the first result, whatever else it asks for', async () => {
  const [stream, command] = [newStream(), randomUUID()];
  await t.store.append(stream, 0, [event()], as(command));
  await t.store.append(stream, 1, [event()], as());
  for (const again of [stream, newStream()]) {
    expect(await t.store.append(again, 0, [event(9)], as(command))).toEqual({ stream, version: 1, duplicate: true, events: [] });
  }
  expect(await t.store.findCommand(command)).toEqual({ stream, version: 1 });
  expect(await t.store.findCommand('unknown')).toBeUndefined();
  expect(await t.store.read(stream)).toHaveLength(2);
});

test('one command sent 20 times at once to 20 streams is carried out once', async () => {
  const command = randomUUID();
  const results = await Promise.all(Array.from({ length: 20 }, () => t.store.append(newStream(), 0, [event()], as(command))));
  expect(results.filter((r) => !r.duplicate)).toHaveLength(1);
  expect(new Set(results.map((r) => r.stream)).size).toBe(1);
});

test('a conflict remembers no command: it may be tried again at the right version', async () => {
  const [stream, command] = [newStream(), randomUUID()];
  await expect(t.store.append(stream, 4, [event()], as(command))).rejects.toBeInstanceOf(VersionConflict);
  expect(await t.store.append(stream, 0, [event()], as(command))).toMatchObject({ version: 1, duplicate: false });
});

test('an append in a transaction vanishes with it, and a conflict leaves the transaction usable', async () => {
  const [stream, command] = [newStream(), randomUUID()];
  const rolledBack = t.app.transaction(async (tx) => {
    await expect(t.store.append(stream, 7, [event()], as(randomUUID(), tx))).rejects.toBeInstanceOf(VersionConflict);
    await t.store.append(stream, 0, [event()], as(command, tx));
    expect(await t.store.read(stream, { tx })).toHaveLength(1);
    throw new Error('lease lost');
  });
  await expect(rolledBack).rejects.toThrow('lease lost');
  expect(await t.store.read(stream)).toEqual([]);
  expect(await t.store.findCommand(command)).toBeUndefined();
});

test('a frozen snapshot would compare versions with the past, so it is refused', async () => {
  const append = t.app.transaction('REPEATABLE READ', (tx) => t.store.append(newStream(), 0, [event()], as(randomUUID(), tx)));
  await expect(append).rejects.toThrow(/READ COMMITTED/);
});

test('an event id is used once', async () => {
  const eventId = randomUUID();
  await t.store.append(newStream(), 0, [{ ...event(), eventId }], as());
  await expect(t.store.append(newStream(), 0, [{ ...event(), eventId }], as())).rejects.toBeInstanceOf(DuplicateEventId);
});

test('what cannot be stored exactly is refused before it is sent', async () => {
  const refused = (data: object, why: RegExp) => expect(t.store.append(newStream(), 0, [{ type: 'Odd', data }], as())).rejects.toThrow(why);
  await refused({ n: 1n }, /not JSON/);
  await refused({ n: Number.NaN }, /not JSON/);
  await refused({ text: 'a\u0000b' }, /NUL/);
  await refused({ text: '\ud800' }, /surrogate|not JSON/);
  await refused({ text: 'x'.repeat(1_000_001) }, /the limit is 1000000/);
  await expect(
    t.store.append(
      newStream(),
      0,
      Array.from({ length: 501 }, () => event()),
      as(),
    ),
  ).rejects.toBeInstanceOf(UnstorableEvent);
});

test('a decision without events writes nothing', async () => {
  const stream = newStream();
  expect(await t.store.append(stream, 0, [], as('empty'))).toEqual({ stream, version: 0, duplicate: false, events: [] });
  expect(await t.store.findCommand('empty')).toBeUndefined();
});

describe('deciding', () => {
  const counter: Decider<number, { to: number; before?: () => Promise<void> }, NewEvent & { data: { n: number } }> = {
    initial: 0,
    decide: (state, { to }) => {
      if (to < state) throw new Error(`already at ${state}`);
      return to === state ? [] : [{ type: 'Counted', data: { n: to } }];
    },
    evolve: (_, { data }) => data.n,
  };

  test('state, command and result go together', async () => {
    const stream = newStream();
    expect(await t.store.decide(stream, counter, { to: 5 }, as())).toMatchObject({ state: 5, version: 1 });
    expect(await t.store.decide(stream, counter, { to: 5 }, as())).toMatchObject({ state: 5, version: 1, events: [] });
    expect(await t.store.load(stream, counter)).toEqual({ state: 5, version: 1 });
    await expect(t.store.decide(stream, counter, { to: 4 }, as())).rejects.toThrow('already at 5');
  });

  test('a command that was carried out is not decided again, even if it would be refused now', async () => {
    const [stream, command] = [newStream(), randomUUID()];
    await t.store.decide(stream, counter, { to: 3 }, as(command));
    await t.store.decide(stream, counter, { to: 8 }, as());
    expect(await t.store.decide(stream, counter, { to: 3 }, as(command))).toMatchObject({ duplicate: true, version: 1, state: 8 });
  });

  test('others may append between reading and appending; after three times it gives up', async () => {
    const stream = newStream();
    let disturbances = 2;
    class Disturbed extends EventStore {
      override async append(...[name, expected, events, options]: Parameters<EventStore['append']>) {
        if (disturbances-- > 0) await t.store.append(name, expected, [event(1)], as());
        return super.append(name, expected, events, options);
      }
    }
    const store = new Disturbed(t.app, { now: () => 0, newEventId: randomUUID, codec: plainCodec });
    expect(await store.decide(stream, counter, { to: 9 }, as())).toMatchObject({ version: 3, state: 9 });
    disturbances = 3;
    await expect(store.decide(stream, counter, { to: 10 }, as())).rejects.toBeInstanceOf(VersionConflict);
  });

  test("the house's own deciders and events go in and come out", async () => {
    const house = new EventStore(t.app, { now: () => Date.UTC(2026, 10, 23), newEventId: randomUUID });
    const id = randomUUID();
    const key = { keyId: id, hash: 'a'.repeat(64), tenant: 'acme', scopes: ['backup:read' as const], grantedBy: 'bootstrap' as const };
    const created = await house.decide(streamOf.apiKey(id), apiKeyDecider, { kind: 'create', ...key }, as());
    expect(created).toMatchObject({ version: 1, duplicate: false, events: [{ type: 'ApiKeyCreated', schemaVersion: 1 }] });
    const [first] = await house.read(streamOf.apiKey(id));
    if (first?.type !== 'ApiKeyCreated') throw new Error('another event');
    expect(first.data.scopes).toEqual(['backup:read']);
  });

  test('the events of the house are checked as they are written', async () => {
    const house = new EventStore(t.app, { now: () => 0, newEventId: randomUUID });
    await expect(house.append(newStream(), 0, [event()], as())).rejects.toMatchObject({ code: 'event.unknown_type' });
    const revoked = { type: 'ApiKeyRevoked', data: { keyId: 'k' } };
    await expect(house.append(newStream(), 0, [revoked], as())).rejects.toMatchObject({ code: 'event.unencodable' });
  });

  test('old events are brought up to date as they are read; what is stored stays', async () => {
    const stream = newStream();
    const codec: EventCodec = {
      encode: (e) => ({ ...plainCodec.encode(e), schemaVersion: 2 }),
      decode: (type, version, data) => plainCodec.decode(type, version, version === 1 ? { n: (data as { n: number }).n * 10 } : data),
    };
    const store = new EventStore(t.app, { now: () => 0, newEventId: randomUUID, codec });
    await t.store.append(stream, 0, [event(4)], as());
    expect(await store.load(stream, counter)).toEqual({ state: 40, version: 1 });
    expect((await t.store.read(stream))[0]).toMatchObject({ schemaVersion: 1, data: { n: 4 } });
    expect((await store.append(stream, 1, [event(5)], as())).events[0]).toMatchObject({ schemaVersion: 2 });
  });
});
