/** Connections that the server ends in the very packet that opens them: the process lives, the caller is told, the next connection is a new one. */
import { createServer, connect as dial, type Socket } from 'node:net';
import type { DataSource } from 'typeorm';
import { AdvisoryLocks } from './advisory-lock.ts';
import { isTransient, openDatabase } from './database.ts';
import { type TestStore, testStore } from './testing/test-store.ts';

/** An ErrorResponse of PostgreSQL's protocol, version 3, as an ended session gets it; and ReadyForQuery, the end of every log-in. */
const FATAL = ((fields) => Buffer.concat([Buffer.from('E'), int32(fields.length + 4), fields]))(
  Buffer.from('SFATAL\0C57P01\0Mterminating connection due to administrator command\0\0'),
);
const READY = Buffer.from('Z\0\0\0\x05I');

function int32(n: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(n);
  return bytes;
}

interface Cutter extends AsyncDisposable {
  url: string;
  /** How many of the next log-ins are ended as they succeed. */
  cuts: number;
}

/** Stands between a client and the real server. */
async function cutterBefore(target: string): Promise<Cutter> {
  const sockets = new Set<Socket>();
  const [real, shown] = [new URL(target), new URL(target)];
  const server = createServer((client) => {
    const upstream = dial(Number(real.port), real.hostname);
    for (const socket of [client, upstream]) sockets.add(socket.on('error', () => undefined));
    client.on('data', (data) => upstream.write(data)).on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    let isLoggedIn = false;
    upstream.on('data', (data) => {
      const isReady = data.subarray(-READY.length).equals(READY);
      if (isLoggedIn || !isReady || cutter.cuts === 0) client.write(data);
      else cut(client, data);
      isLoggedIn ||= isReady;
    });
  });
  const cut = (client: Socket, data: Buffer) => {
    cutter.cuts -= 1;
    client.end(Buffer.concat([data, FATAL]));
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  shown.port = String((server.address() as { port: number }).port);
  const dispose = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  const cutter: Cutter = { url: shown.href, cuts: 0, [Symbol.asyncDispose]: dispose };
  return cutter;
}

let t: TestStore;
let cutter: Cutter;
let database: DataSource;
beforeAll(async () => {
  t = await testStore();
  cutter = await cutterBefore(t.urls.appUrl);
});
beforeEach(async () => {
  database = await openDatabase({ url: cutter.url, applicationName: 'cut-off spec', poolMax: 5 });
});
afterEach(() => database.destroy());
afterAll(async () => {
  await cutter[Symbol.asyncDispose]();
  await t[Symbol.asyncDispose]();
});

test.each<[string, () => Promise<unknown>]>([
  ['query', () => database.query('SELECT 1 AS one')],
  ['transaction', () => database.transaction((tx) => tx.query('SELECT 1 AS one'))],
])('a %s on a connection cut off at its birth fails as one that may be tried again, and the next one is well', async (_, ask) => {
  cutter.cuts = 3;
  const [onIdle, ...onNew] = await Promise.allSettled([ask(), ask(), ask(), ask()]);
  expect([cutter.cuts, onIdle!.status]).toEqual([0, 'fulfilled']);
  for (const reply of onNew) expect(isTransient((reply as PromiseRejectedResult).reason)).toBe(true);
  for (let i = 0; i < 10; i++) expect(await ask()).toEqual([{ one: 1 }]);
});

test('a pool whose first connection is cut off at its birth opens on the next one', async () => {
  cutter.cuts = 1;
  await (await openDatabase({ url: cutter.url, applicationName: 'cut-off spec', poolMax: 1 })).destroy();
  expect(cutter.cuts).toBe(0);
});

test('locks whose connection was cut off at its birth are to be had at the next try', async () => {
  const idle = database.createQueryRunner();
  await idle.connect();
  const locks = new AdvisoryLocks(database);
  cutter.cuts = 1;
  await expect(locks.tryAcquire('five')).rejects.toThrow(/terminat|queryable/);
  expect([cutter.cuts, locks.isHeld('five')]).toEqual([0, false]);
  expect(await locks.tryAcquire('five')).toBe(true);
  await Promise.all([locks.close(), idle.release()]);
});
