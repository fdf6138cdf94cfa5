import type { DataSource } from 'typeorm';
import { rows } from './database.ts';
import { logHead, readLog } from './event-log.ts';
import { as, event, sealAll, type TestStore, testStore } from './testing/test-store.ts';
import { verifyChain } from './verify-chain.ts';

let t: TestStore;
beforeEach(async () => {
  t = await testStore();
  for (let n = 0; n < 10; n += 1) await t.store.append(`backup-${n % 3}`, Math.floor(n / 3), [event(n)], as());
  await sealAll(t.app);
});
afterEach(() => t[Symbol.asyncDispose]());

/** As somebody with every right who switches the triggers off. */
const tamper = (superuser: DataSource, sql: string) =>
  superuser.transaction(async (tx) => {
    await tx.query('SET LOCAL session_replication_role = replica');
    await tx.query(sql);
  });

const eventAt = (position: number) => `event_id = (SELECT event_id FROM event_log WHERE position = ${position})`;

test('an untouched log is right, whatever the size of the batches and wherever one begins', async () => {
  for (const batchMax of [1, 3, 10, 1_000])
    expect(await verifyChain(t.app, { batchMax })).toEqual({ ok: true, checked: 10, head: await logHead(t.app) });
  expect(await verifyChain(t.app, { from: 4, to: 6 })).toMatchObject({ ok: true, checked: 3, head: { position: 6 } });
});

test('an empty log is right', async () => {
  await using empty = await testStore();
  expect(await verifyChain(empty.app)).toEqual({ ok: true, checked: 0, head: { position: 0, hash: '00'.repeat(32) } });
});

test.each([
  ['a flipped byte', `UPDATE events SET body = set_byte(body, 40, get_byte(body, 40) # 1) WHERE ${eventAt(4)}`, 4, /stored bytes/],
  ['a payload rendered differently', `UPDATE events SET body = body || ' ' WHERE ${eventAt(10)}`, 10, /stored bytes/],
  ['another type in the column', `UPDATE events SET type = 'Other' WHERE ${eventAt(7)}`, 7, /columns differ/],
  ['an event removed', `DELETE FROM events WHERE ${eventAt(3)}`, 3, /event of this position is gone/],
  ['a position removed', 'DELETE FROM event_log WHERE position = 5', 5, /missing from the log/],
  [
    'two events exchanged',
    'UPDATE event_log SET position = CASE position WHEN 6 THEN -8 ELSE -6 END WHERE position IN (6, 8)',
    6,
    /missing/,
  ],
  ['a hash replaced', `UPDATE event_log SET hash = sha256('x') WHERE position = 9`, 9, /stored bytes/],
])('%s is found at its position', async (_, sql, position, reason) => {
  await tamper(t.superuser, sql.includes('-8') ? `ALTER TABLE event_log DROP CONSTRAINT event_log_position_check; ${sql}` : sql);
  if (sql.includes('-8')) await tamper(t.superuser, 'DELETE FROM event_log WHERE position < 0');
  expect(await verifyChain(t.app)).toMatchObject({ ok: false, position, checked: position - 1, reason: expect.stringMatching(reason) });
});

test('a chain that was recomputed after a change is right in itself, and wrong against a head kept outside', async () => {
  const anchor = await logHead(t.app);
  await tamper(
    t.superuser,
    `UPDATE events SET body = convert_to(replace(convert_from(body, 'UTF8'), '"n":8', '"n":3'), 'UTF8') WHERE ${eventAt(9)}`,
  );
  await tamper(
    t.superuser,
    `DO $$ DECLARE h bytea; r record; BEGIN
       SELECT hash INTO h FROM event_log WHERE position = 8;
       FOR r IN SELECT l.position, e.body FROM event_log l JOIN events e USING (event_id) WHERE l.position > 8 ORDER BY 1 LOOP
         h := sha256(h || r.body); UPDATE event_log SET hash = h WHERE position = r.position;
       END LOOP; END $$`,
  );
  expect(await verifyChain(t.app)).toMatchObject({ ok: true });
  expect(await verifyChain(t.app, { anchor })).toMatchObject({ ok: false, position: 10, reason: expect.stringMatching(/anchor/) });
});

test('a tail cut off shows against a head kept outside', async () => {
  const anchor = await logHead(t.app);
  await tamper(t.superuser, 'DELETE FROM event_log WHERE position > 7');
  expect(await verifyChain(t.app)).toMatchObject({ ok: true, checked: 7 });
  expect(await verifyChain(t.app, { anchor })).toMatchObject({ ok: false, position: 8 });
});

test('a reader stops at a hole instead of skipping it', async () => {
  await tamper(t.superuser, 'DELETE FROM event_log WHERE position = 2');
  await expect(readLog(t.app, 0, 10)).rejects.toMatchObject({ code: 'event_store.log_out_of_order', details: { position: 3 } });
});

test('the stored bytes are canonical JSON and nothing else', async () => {
  const [row] = await rows<{ text: string }>(
    t.app,
    `SELECT convert_from(body, 'UTF8') AS text FROM events WHERE stream = 'backup-0' AND version = 1`,
  );
  expect(row!.text).toMatch(
    /^\{"data":\{"n":0\},"eventId":"[^"]+","meta":\{"actor":"spec","commandId":"[^"]+","requestId":"request-1","tenant":"acme"\},"recordedAt":"2026-11-23T00:00:00.000Z","schemaVersion":1,"stream":"backup-0","type":"Counted","version":1\}$/,
  );
});
