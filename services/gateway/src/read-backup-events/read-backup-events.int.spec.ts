/** The events of one backup over REST, in pages, and nobody else's. */
import { rows } from '@dr/event-store';
import { type FrontDoor, frontDoor } from '../../../../test/support/front-door.ts';
import { sealedBackup } from '../../../../test/support/sealed-backup.ts';
import { EVENTS } from './events-of-backup.ts';

interface Page {
  code: string;
  events: { id: string; type: string; subject: string; specversion: string; data: object }[];
  next_cursor: string | null;
}

let door: FrontDoor;
let id: string;
let other: string;
beforeAll(async () => {
  door = await frontDoor();
  id = await sealedBackup(door, { datasets: ['a', 'b'], verified: true });
  other = await sealedBackup(door, { datasets: ['a'] });
}, 60_000);
afterAll(() => door.close());

const read = (query = '', backup = id, key = door.admin) => door.call<Page>('GET', `/backups/${backup}/events${query}`, { key });
const TYPES = ['BackupRequested', 'BackupStarted', 'DatasetCaptured', 'DatasetCaptured', 'BackupSealed', 'BackupVerified'];
const typesOf = ({ events }: Page) => events.map(({ type }) => /^dr\.(\w+)\.v\d+$/.exec(type)?.[1]);

test('are its own and those of its data sets, in the order of the log, as CloudEvents', async () => {
  const { status, body } = await read();
  expect([status, typesOf(body), body.next_cursor]).toEqual([200, TYPES, null]);
  expect(body.events[0]).toMatchObject({ specversion: '1.0', subject: `backup-${id}`, data: { backupId: id } });
  expect(new Set(body.events.map((e) => e.subject))).toEqual(new Set([`backup-${id}`, `capture-${id}-1`, `capture-${id}-2`]));
});

test('come in pages without gap or repeat', async () => {
  const seen: (string | undefined)[] = [];
  let query = '?limit=4';
  for (let pages = 0; pages < 5; pages++) {
    const { body } = await read(query);
    seen.push(...typesOf(body));
    if (body.next_cursor === null) break;
    query = `?limit=4&cursor=${body.next_cursor}`;
  }
  expect(seen).toEqual(TYPES);
});

test('what goes beyond the bytes of a page stays in the database, but one is always given', async () => {
  const streams = [`backup-${id}`, `capture-${id}-`, `capture-${id}.`];
  const bodies = async (bytes: number) => {
    const found = await rows<{ body: Buffer | null }>(door.house.database, EVENTS, [...streams, 0, 100, bytes]);
    return found.map(({ body }) => body?.length ?? 0);
  };
  const lengths = await bodies(1_000_000);
  expect([lengths.length, Math.min(...lengths) > 0]).toEqual([TYPES.length, true]);
  expect(await bodies(lengths[0]! + lengths[1]!)).toEqual([lengths[0], lengths[1], 0, 0, 0, 0]);
  expect(await bodies(1)).toEqual([lengths[0], 0, 0, 0, 0, 0]);
});

test('another backup’s event is no place in this one', async () => {
  const foreign = (await read('', other)).body.events[0]!.id;
  for (const cursor of [foreign, '01890000-0000-7000-8000-000000000000']) {
    const { status, body } = await read(`?cursor=${cursor}`);
    expect([status, body.code]).toEqual([400, 'request.bad_cursor']);
  }
  expect((await read('?cursor=5')).status).toBe(400);
});

test('are seen by nobody of another tenant', async () => {
  expect((await read('', id, await door.key({ tenant: 'globex' }))).status).toBe(404);
  expect((await read('', 'backup_20200101_000000_00000000')).status).toBe(404);
});
