import { randomUUID } from 'node:crypto';
import type { DomainEvent, EncodedEvent } from '@dr/domain';
import type { DataSource } from 'typeorm';
import { freshDatabase, type TestDatabase } from '../../../../test/support/servers.ts';
import { openDatabase, type Queryable, rows } from '../database.ts';
import type { EventCodec, NewEvent } from '../event.ts';
import { type AppendOptions, EventStore } from '../event-store.ts';
import { migrate } from '../migrate.ts';
import { seal } from '../sequencer.ts';
import type { MigrationClass } from '../sql-migration.ts';

/** A fresh database with the event store in it, as its three roles see it. `await using` closes everything. */
export interface TestStore extends AsyncDisposable {
  urls: TestDatabase;
  /** dr_app: what services have. */
  app: DataSource;
  owner: DataSource;
  superuser: DataSource;
  store: EventStore;
}

export async function testStore(additional: readonly MigrationClass[] = [], poolMax = 30): Promise<TestStore> {
  const urls = await freshDatabase();
  const open = (url: string, max: number) => openDatabase({ url, applicationName: 'event-store spec', poolMax: max });
  const [app, owner, superuser] = await Promise.all([open(urls.appUrl, poolMax), open(urls.adminUrl, 3), open(urls.superUrl, 5)]);
  await migrate(owner, additional);
  const close = async () => {
    await Promise.all([app, owner, superuser].filter((d) => d.isInitialized).map((d) => d.destroy()));
    await urls.drop();
  };
  return { urls, app, owner, superuser, store: storeOn(app), [Symbol.asyncDispose]: close };
}

export const storeOn = (database: DataSource): EventStore =>
  new EventStore(database, { now: () => Date.UTC(2026, 10, 23), newEventId: randomUUID, codec: plainCodec });

/** Any event as it is: these specs are about the log, not about what the house writes into it. */
export const plainCodec: EventCodec = {
  encode: ({ type, data }) => ({ type, schemaVersion: 1, data: data as EncodedEvent['data'] }),
  decode: (type, _, data) => ({ type, data }) as unknown as DomainEvent,
};

export const event = (n: number | string = 1, type = 'Counted'): NewEvent => ({ type, data: { n } });

/** Options of an append as some command, a new one each time. */
export const as = (commandId: string = randomUUID(), tx?: Queryable): AppendOptions => ({
  commandId,
  meta: { tenant: 'acme', requestId: 'request-1', actor: 'spec' },
  ...(tx && { tx }),
});

/** Seals until nothing waits any more (other specs' open transactions in the same cluster may hold it up); returns the head. */
export async function sealAll(on: Queryable): Promise<number> {
  let head = 0;
  await until(async () => {
    ({ head } = await seal(on, 500));
    return (await unsealedCount(on)) === 0;
  }, 'everything to be sealed');
  return head;
}

export async function unsealedCount(on: Queryable): Promise<number> {
  const [row] = await rows<{ n: number }>(on, 'SELECT count(*)::int AS n FROM unsealed');
  return row!.n;
}

/** Waits until `probe` is true, polling; fails after twenty seconds. */
export async function until(probe: () => boolean | Promise<boolean>, what = 'the condition'): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await probe())) {
    if (Date.now() > end) throw new Error(`Waited 20 s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** `stream@version` of all sealed events in log order. */
export async function logOrder(on: Queryable): Promise<string[]> {
  const sql = 'SELECT e.stream, e.version FROM event_log l JOIN events e USING (event_id) ORDER BY l.position';
  return (await rows<{ stream: string; version: string }>(on, sql)).map((r) => `${r.stream}@${r.version}`);
}
