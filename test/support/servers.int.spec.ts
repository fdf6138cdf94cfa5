import { existsSync } from 'node:fs';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import pg from 'pg';
import { freshDatabase, freshDir, natsServer } from './servers.ts';

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test('two databases do not see each other, and the app role may not make tables', async () => {
  const [one, two] = await Promise.all([freshDatabase(), freshDatabase()]);
  await query(one.adminUrl, 'CREATE TABLE only_here (n int)');
  await expect(query(two.adminUrl, 'SELECT * FROM only_here')).rejects.toThrow(/does not exist/);
  await expect(query(one.appUrl, 'SELECT * FROM only_here')).rejects.toThrow(/permission denied/);
  await expect(query(one.appUrl, 'CREATE TABLE mine (n int)')).rejects.toThrow(/permission denied/);
  await one.drop();
  await expect(query(one.adminUrl, 'SELECT 1')).rejects.toThrow(/does not exist/);
  await two.drop();
});

test('the server is a PostgreSQL 18 without a unix socket', async () => {
  const database = await freshDatabase();
  const [row] = await query(
    database.superUrl,
    "SELECT current_setting('server_version_num')::int AS v, current_setting('unix_socket_directories') AS sockets",
  );
  expect(row!['v']).toBeGreaterThanOrEqual(180000);
  expect(row!['sockets']).toBe('');
  await database.drop();
});

test('each NATS account has its own JetStream', async () => {
  const [a, b] = await Promise.all([natsServer(), natsServer()]);
  const [first, second] = await Promise.all([a, b].map(({ url, user, pass }) => connect({ servers: url, user, pass })));
  await (await jetstreamManager(first!)).streams.add({ name: 'S', subjects: ['s.>'] });
  expect((await jetstream(first!).publish('s.1', 'x')).seq).toBe(1);
  expect((await (await jetstreamManager(second!)).streams.list().next()).length).toBe(0);
  await Promise.all([first!.close(), second!.close()]);
});

test('a wrong password does not get in', async () => {
  const { url, user } = await natsServer();
  await expect(connect({ servers: url, user, pass: 'guess', reconnect: false })).rejects.toThrow(/authorization/i);
});

test('folders are new each time', () => {
  const [one, two] = [freshDir(), freshDir()];
  expect(one).not.toBe(two);
  expect(existsSync(one)).toBe(true);
});
