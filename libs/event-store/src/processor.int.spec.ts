import type { EntityManager } from 'typeorm';
import { checkpoints, liveVersion, resetCheckpoint } from './checkpoint.ts';
import { type Queryable, rows } from './database.ts';
import type { LoggedEvent } from './event.ts';
import { Processor, type ProcessorOptions } from './processor.ts';
import { sqlMigration } from './sql-migration.ts';
import { as, event, plainCodec, sealAll, type TestStore, testStore, until } from './testing/test-store.ts';

const readModel = sqlMigration(
  'CreateSeen1764100000000',
  'CREATE TABLE seen (id serial, by text, position bigint); GRANT ALL ON seen, seen_id_seq TO dr_app',
);

let t: TestStore;
const started: Processor[] = [];
beforeEach(async () => {
  t = await testStore([readModel]);
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((p) => p.stop()));
  await t[Symbol.asyncDispose]();
});

async function fill(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await t.store.append(`backup-${n % 4}`, Math.floor(n / 4), [event(n)], as());
  await sealAll(t.app);
}

/** Notes each position it sees, under its name and version. */
const note = (by: string) => async (tx: EntityManager, events: readonly LoggedEvent[]) => {
  for (const { position } of events) await tx.query('INSERT INTO seen (by, position) VALUES ($1, $2)', [by, position]);
  return undefined;
};

function start(options: Partial<ProcessorOptions> = {}): Processor {
  const { name = 'catalog', version = 1 } = options;
  const processor = new Processor({
    database: t.app,
    name,
    version,
    handle: note(`${name} v${version}`),
    pollMs: 20,
    codec: plainCodec,
    ...options,
  });
  started.push(processor);
  processor.start();
  return processor;
}

const seen = async (by: string, on: Queryable = t.app): Promise<number[]> =>
  (await rows<{ position: string }>(on, 'SELECT position FROM seen WHERE by = $1 ORDER BY id', [by])).map((r) => Number(r.position));
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

test('sees every event once and in order, in batches, and goes on where it stopped', async () => {
  await fill(25);
  const first = start({ batchMax: 4 });
  await until(() => first.state.position === 25);
  await first.stop();
  await t.store.append('backup-new', 0, [event()], as());
  await sealAll(t.app);
  const second = start();
  await until(() => second.state.position === 26);
  expect(await seen('catalog v1')).toEqual(upTo(26));
  expect(await checkpoints(t.app)).toEqual([{ name: 'catalog', version: 1, position: 26 }]);
});

test('all its connections killed in the middle of a batch: it goes on, and every event counts once', async () => {
  await fill(12);
  let kills = 2;
  const processor = start({
    batchMax: 5,
    handle: async (tx, events) => {
      await note('catalog v1')(tx, events);
      const kill = 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = $1';
      if (kills-- > 0) await t.superuser.query(kill, ['dr_app']);
      return undefined;
    },
  });
  await until(() => processor.state.status === 'running' && processor.state.position === 12);
  expect(await seen('catalog v1')).toEqual(upTo(12));
});

test('a nudge is heeded at once', async () => {
  const processor = start({ pollMs: 60_000 });
  await until(() => processor.state.status === 'running');
  await fill(3);
  await until(() => {
    processor.nudge();
    return processor.state.position === 3;
  });
});

test('rows and checkpoint stand or fall together, and what is written shows only when both stand', async () => {
  await fill(5);
  let failures = 2;
  const during: number[][] = [];
  const processor = start({
    handle: async (tx, events) => {
      await note('catalog v1')(tx, events);
      during.push(await seen('catalog v1'));
      if (failures-- > 0) throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
      return undefined;
    },
  });
  await until(() => processor.state.position === 5);
  expect(during).toEqual([[], [], []]);
  expect(await seen('catalog v1')).toEqual(upTo(5));
});

test('what handle returns runs after the commit; when it fails, the batch stays done', async () => {
  await fill(2);
  const [after, errors]: [number[][], unknown[]] = [[], []];
  const processor = start({
    onError: (error) => errors.push(error),
    handle: async (tx, events) => {
      await note('catalog v1')(tx, events);
      return async () => {
        after.push(await seen('catalog v1'));
        throw new Error('bus is away');
      };
    },
  });
  await until(() => processor.state.position === 2);
  expect(after).toEqual([[1, 2]]);
  expect(errors).toEqual([new Error('bus is away')]);
  expect(await seen('catalog v1')).toEqual([1, 2]);
});

test('a poisoned event stops the processor before it, by position; mended and started again it goes on', async () => {
  await fill(12);
  const poison = async (tx: EntityManager, events: readonly LoggedEvent[]) => {
    if (events.some((e) => e.position === 8)) throw new Error('cannot read 8');
    return note('catalog v1')(tx, events);
  };
  const processor = start({ handle: poison, batchMax: 5 });
  await until(() => processor.state.status === 'poisoned');
  expect(processor.state).toMatchObject({ position: 7, poisonedAt: 8, error: new Error('cannot read 8') });
  await until(async () => (await checkpoints(t.app))[0]?.poisoned !== undefined);
  expect(await checkpoints(t.app)).toMatchObject([{ position: 7, poisoned: { position: 8, error: 'Error: cannot read 8' } }]);
  processor.nudge();
  expect(await seen('catalog v1')).toEqual(upTo(7));
  await processor.stop();
  expect(processor.state.status).toBe('poisoned');

  const mended = start();
  await until(() => mended.state.position === 12);
  expect(await seen('catalog v1')).toEqual(upTo(12));
  expect(await checkpoints(t.app)).toEqual([{ name: 'catalog', version: 1, position: 12 }]);
});

test('an event of a type that this program does not know is poison, not something to skip', async () => {
  await fill(2);
  const processor = start({ codec: undefined });
  await until(() => processor.state.status === 'poisoned');
  expect(processor.state).toMatchObject({ poisonedAt: 1, error: { code: 'event.unknown_type' } });
});

test('one process works, the other stands by and takes over', async () => {
  await fill(4);
  const first = start();
  await until(() => first.state.position === 4);
  const second = start();
  await until(() => second.state.status === 'follower');
  await first.stop();
  await t.store.append('backup-new', 0, [event()], as());
  await sealAll(t.app);
  await until(() => second.state.position === 5);
  expect(await seen('catalog v1')).toEqual(upTo(5));
});

test('when another moved the checkpoint, the batch is rolled back and read anew from there', async () => {
  await fill(6);
  let meddle = true;
  const processor = start({
    handle: async (tx, events) => {
      await note('catalog v1')(tx, events);
      return undefined;
    },
    onError: () => undefined,
    batchMax: 3,
  });
  await until(() => processor.state.position === 6);
  await processor.stop();
  // A zombie that still believes in position 0 while the row says 3.
  await resetCheckpoint(t.app, { name: 'late', version: 1 }, 0);
  const errors: unknown[] = [];
  const late = start({
    name: 'late',
    batchMax: 3,
    onError: (error) => errors.push(error),
    handle: async (tx, events) => {
      await note('late')(tx, events);
      return async () => {
        if (!meddle) return;
        meddle = false;
        await resetCheckpoint(t.app, { name: 'late', version: 1 }, 4);
      };
    },
  });
  await until(() => late.state.position === 6);
  expect(errors).toMatchObject([{ code: 'event_store.checkpoint_moved' }]);
  expect(await seen('late')).toEqual([1, 2, 3, 5, 6]);
});

test('a stream that comes out of order stops the reader', async () => {
  await fill(8);
  const exchange = `ALTER TABLE event_log DROP CONSTRAINT event_log_event_id_key; ALTER TABLE event_log DISABLE TRIGGER ALL;
    UPDATE event_log l SET event_id = (SELECT event_id FROM event_log o WHERE o.position = CASE l.position WHEN 2 THEN 6 ELSE 2 END) WHERE position IN (2, 6);`;
  await t.superuser.query(exchange);
  for (const batchMax of [100, 1]) {
    const processor = start({ name: `reader of ${batchMax}`, batchMax });
    await until(() => processor.state.status === 'poisoned');
    expect(processor.state).toMatchObject({ poisonedAt: 2, error: { code: 'event_store.log_out_of_order' } });
  }
});

test('a new version is built beside the old, which stays live until the new one has caught up', async () => {
  await fill(30);
  const old = start();
  await until(() => old.state.position === 30);
  expect(await liveVersion(t.app, 'catalog')).toBe(1);

  const liveDuring = new Set<number | undefined>();
  let live = false;
  const rebuilt = start({
    version: 2,
    batchMax: 7,
    onLive: () => {
      live = true;
    },
    handle: async (tx, events) => {
      liveDuring.add(await liveVersion(t.app, 'catalog'));
      return note('catalog v2')(tx, events);
    },
  });
  await until(() => live);
  expect(rebuilt.state.position).toBe(30);
  expect([...liveDuring]).toEqual([1]);
  expect(await liveVersion(t.app, 'catalog')).toBe(2);
  expect(await seen('catalog v2')).toEqual(await seen('catalog v1'));

  await t.store.append('backup-new', 0, [event()], as());
  await sealAll(t.app);
  await until(() => old.state.position === 31 && rebuilt.state.position === 31);
  expect(await liveVersion(t.app, 'catalog')).toBe(2);
  expect(await liveVersion(t.app, 'unknown')).toBeUndefined();
});
