/** PostgreSQL is killed and started again while requests come in: each ends as 202, or as 503 that may be repeated, and nothing is made twice. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { rows } from '@dr/event-store';
import { type Answer, type FrontDoor, frontDoor } from '../../../../test/support/front-door.ts';
import { type OwnPostgres, ownPostgres } from '../../../../test/support/own-postgres.ts';

const REQUESTS = 40;
const KILLS_AFTER_MS = [0, 15, 60, 150];

let [door, postgres]: [FrontDoor, OwnPostgres] = [] as never;
beforeAll(async () => {
  postgres = await ownPostgres();
  door = await frontDoor({ BACKUP_UNFINISHED_PER_TENANT_MAX: '1000' }, postgres.database);
  mkdirSync(join(door.house.sourceRoot, 'acme/set'), { recursive: true });
  writeFileSync(join(door.house.sourceRoot, 'acme/set/meta.json'), '{}');
}, 60_000);
afterAll(async () => {
  await door.close();
  await postgres[Symbol.asyncDispose]();
});

const request = (key: string) => door.call('POST', '/backups', { body: { tenant_id: 'acme' }, headers: { 'idempotency-key': key } });

function expectPromise({ status, headers }: Answer, allowed: number[]): void {
  expect(allowed).toContain(status);
  if (status !== 202) expect(headers['retry-after']).toMatch(/^\d+$/);
}

/** Repeats under the same key until it is accepted, as a careful client does. 409: the try that was cut off may still be in work. */
async function insist(key: string): Promise<string> {
  for (let tries = 0; tries < 200; tries++) {
    const reply = await request(key);
    expectPromise(reply, [202, 503, 409]);
    if (reply.status === 202) return reply.body['backup_id'] as string;
    await pause(100);
  }
  throw new Error(`${key} was never accepted`);
}

/** What was made is what was told: each once. */
async function expectMade(ids: readonly string[]): Promise<void> {
  await door.settled();
  const sql = `SELECT stream FROM events WHERE type = 'BackupRequested'`;
  const made = (await rows<{ stream: string }>(door.house.owner, sql)).map(({ stream }) => stream);
  expect(made.sort()).toEqual(ids.map((id) => `backup-${id}`).sort());
}

const accepted: string[] = [];
const END_ALL = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'dr_app' AND pid <> pg_backend_pid()`;

test('while the server is killed and started again', async () => {
  const seen = new Set<number>();
  for (const [round, wait] of KILLS_AFTER_MS.entries()) {
    const keys = Array.from({ length: REQUESTS }, (_, i) => `key-${round}-${i}`);
    const replies = keys.map(request);
    await pause(wait);
    postgres.kill();
    const away = await request(`away-${round}`);
    expectPromise(away, [503]);
    const restarted = postgres.restart();
    for (const reply of await Promise.all(replies)) {
      expectPromise(reply, [202, 503]);
      seen.add(reply.status);
    }
    await restarted;
    accepted.push(...(await Promise.all([...keys, `away-${round}`].map(insist))));
  }
  expect(seen).toContain(503);
  await expectMade(accepted);
}, 120_000);

test('while the server ends one session after the other', async () => {
  let isOver = false;
  const cutting = (async () => {
    for (let wait = 20; !isOver; wait *= 1.3) {
      await door.house.database.query(END_ALL).catch(() => undefined);
      await pause(wait);
    }
  })();
  const keys = Array.from({ length: REQUESTS }, (_, i) => `cut-${i}`);
  accepted.push(...(await Promise.all(keys.map(insist))));
  isOver = true;
  await cutting;
  await expectMade(accepted);
}, 120_000);
