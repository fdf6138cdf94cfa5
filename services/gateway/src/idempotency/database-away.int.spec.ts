/** PostgreSQL ends every connection again and again while requests come in: each ends as 202, or as 503 that may be repeated, and nothing is made twice. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { rows } from '@dr/event-store';
import { type FrontDoor, frontDoor } from '../../../../test/support/front-door.ts';

let door: FrontDoor;
beforeAll(async () => {
  door = await frontDoor({ BACKUP_UNFINISHED_PER_TENANT_MAX: '1000' });
  mkdirSync(join(door.house.sourceRoot, 'acme/set'), { recursive: true });
  writeFileSync(join(door.house.sourceRoot, 'acme/set/meta.json'), '{}');
}, 60_000);
afterAll(() => door.close());

const END_ALL = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename = 'dr_app'`;
const REQUESTS = 24;

/** Repeats under the same key until it is accepted, as a careful client does. @returns the statuses on the way */
async function insist(key: string): Promise<{ id: string; statuses: number[] }> {
  const statuses: number[] = [];
  for (let tries = 0; tries < 100; tries++) {
    const reply = await door.call('POST', '/backups', { body: { tenant_id: 'acme' }, headers: { 'idempotency-key': key } });
    statuses.push(reply.status);
    if (reply.status === 202) return { id: reply.body['backup_id'] as string, statuses };
    expect([503, 409]).toContain(reply.status);
    expect(reply.headers['retry-after']).toBeDefined();
    await pause(50);
  }
  throw new Error(`${key} was never accepted: ${statuses.join(' ')}`);
}

test('while connections are cut off', async () => {
  let isOver = false;
  const cutting = (async () => {
    while (!isOver) {
      await door.house.owner.query(END_ALL).catch(() => undefined);
      await pause(60);
    }
  })();
  const made: Awaited<ReturnType<typeof insist>>[] = [];
  const wasHit = () => made.some(({ statuses }) => statuses.includes(503));
  for (let round = 0; round < 20 && !wasHit(); round++) {
    made.push(...(await Promise.all(Array.from({ length: REQUESTS }, (_, i) => insist(`key-${round}-${i}`)))));
  }
  isOver = true;
  await cutting;
  await door.settled();
  const events = await rows<{ stream: string }>(door.house.owner, `SELECT stream FROM events WHERE type = 'BackupRequested'`);
  expect(events.map(({ stream }) => stream).sort()).toEqual(made.map(({ id }) => `backup-${id}`).sort());
  expect(wasHit()).toBe(true);
}, 120_000);
