/**
 * kill -9 while an empty house takes its log back out of an old repository, and while it copies its log into it again: nothing is lost, nothing is
 * there twice, and the copy stays one chain. DR_CRASH_SEED repeats the moments that are printed, DR_CRASH_MOMENTS sets how many of each.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { RunningHouse } from '../e2e/support/running-house.ts';
import { freshDir } from '../support/servers.ts';
import { crashSettings, random } from './support/chance.ts';
import { type Copy, makeOldRepository, PASSPHRASE, type Place, readCopy } from './support/old-repository.ts';

const checkout = join(import.meta.dirname, '..', '..');
const kept = freshDir('old');
const moments = Math.max(1, crashSettings.moments);
const say = (words: string) => void process.stderr.write(`${words}\n`);

let old: Copy;
let house: RunningHouse | undefined;
let repository: string;

beforeAll(async () => {
  old = await makeOldRepository(join(kept, 'repository'));
  say(`total loss, seed ${crashSettings.seed}, ${moments} moment(s), ${old.places.length} events in ${old.segments.length} segments`);
}, 120_000);
afterEach(async () => {
  await house?.stop();
  house = undefined;
}, 60_000);

const settings = () => ({ BACKUP_PATH: repository, BACKUP_PASSPHRASE: PASSPHRASE });

function copyOfTheOld(): void {
  repository = join(freshDir('repository'), 'repository');
  cpSync(join(kept, 'repository'), repository, { recursive: true });
}

async function dr(of: RunningHouse, ...words: string[]) {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], DR_HOME: of.home };
  const child = spawn(join(checkout, 'bin', 'dr'), words, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.on('data', (bytes) => (stdout += String(bytes)));
  const [code] = (await once(child, 'close')) as [number];
  return { code, report: JSON.parse(stdout) as Record<string, unknown> };
}

const logOf = (of: RunningHouse): Promise<Place[]> =>
  of.sql<Place>(`SELECT position, event_id, encode(hash, 'hex') AS hash FROM event_log ORDER BY position`, []);

/** Waits until an import has come that far. @returns how far it is */
async function importedTo(of: RunningHouse, position: number): Promise<number> {
  const client = new pg.Client({ connectionString: await databaseOf(of) });
  client.on('error', () => undefined);
  await client.connect();
  for (let waited = 0; waited < 60_000; waited += 5) {
    const { rows } = await client.query<{ at: string | null }>('SELECT max(position) AS at FROM event_log');
    const at = Number(rows[0]!.at ?? 0);
    if (at >= position) {
      void client.end().catch(() => undefined);
      return at;
    }
    await pause(5);
  }
  throw new Error(`the import did not reach ${position}:\n${of.diagnosis()}`);
}

async function databaseOf(of: RunningHouse): Promise<string> {
  for (let waited = 0; waited < 60_000; waited += 10) {
    try {
      return of.databaseUrl;
    } catch {
      await pause(10); // the catalog is not there yet
    }
  }
  throw new Error(`the catalog was not started:\n${of.diagnosis()}`);
}

/** Starts an empty house on the old repository and kills a part of it while events come back. */
async function killedWhileImporting(part: 'catalog' | 'postgres', fraction: number): Promise<void> {
  const begun = await RunningHouse.begin(settings());
  house = begun.house;
  const started = begun.started.then(
    () => 'the supervisor started it again',
    () => 'the start ended, the next one went on',
  );
  const at = await importedTo(house, 1 + Math.floor(fraction * (old.places.length - 1)));
  house.kill(part);
  const outcome = await started;
  if (outcome.includes('ended')) await house.restart();
  await house.untilReady(120_000);
  say(`${part} killed when ${at} events were back: ${outcome}`);
}

const importsTold = (of: RunningHouse) =>
  of.sql<{ first: number; last: number }>(
    `SELECT (j -> 'data' ->> 'first')::int AS first, (j -> 'data' ->> 'last')::int AS last
       FROM (SELECT convert_from(body, 'UTF8')::jsonb AS j FROM events WHERE type = 'LogImported') AS told ORDER BY 1`,
    [],
  );

async function copied(of: RunningHouse): Promise<Copy> {
  const lag = `SELECT (SELECT max(position) FROM event_log) - (SELECT (heads ->> 'position')::bigint FROM log_copies) AS behind`;
  for (let waited = 0; waited < 120_000; waited += 200) {
    const [row] = await of.sql<{ behind: string }>(lag, []).catch(() => []);
    if (row?.behind === '0') return readCopy(repository);
    await pause(200);
  }
  throw new Error(`the log was not copied:\n${of.diagnosis()}`);
}

/** The old log is there position by position, and log and copy are one chain without a repeat. */
async function expectWhole(of: RunningHouse): Promise<void> {
  const copy = await copied(of);
  const log = await logOf(of);
  expect(log.slice(0, old.places.length)).toEqual(old.places);
  expect(new Set(log.map(({ event_id }) => event_id)).size).toBe(log.length);
  expect(copy.breaks).toBe(0);
  expect(copy.places).toEqual(log.slice(0, copy.places.length));
  expect(copy.places.length).toBeGreaterThan(old.places.length);
  expect(copy.segments.filter((segment) => !segment.startsWith('1/'))).toEqual([]);
  const [stored] = await of.sql<{ n: string }>(
    'SELECT count(*) AS n FROM events WHERE NOT EXISTS (SELECT FROM event_log l WHERE l.event_id = events.event_id)',
    [],
  );
  expect(Number(stored!.n)).toBeLessThan(5); // what was appended this moment
  const { code, report } = await dr(of, 'catalog', 'rebuild', '--from', repository, '--json');
  expect({ code, ...report }).toMatchObject({ code: 0, forks: 0, unreadable: [], recovered: 0, epoch: 1 });
}

async function backUp(of: RunningHouse): Promise<string> {
  const folder = join(of.source, 'fresh', 'set');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `file-${readdirSync(folder).length}`), `${random()}`);
  const asked = await of.call('POST', '/api/v1/backups', { tenant_id: 'fresh' });
  expect(asked).toMatchObject({ status: 202 });
  return asked.headers.get('location')!;
}

/** Somewhere in each of so many equal parts. */
const drawn = (): number[] => Array.from({ length: moments }, (_, i) => (i + random()) / moments);

describe.each(['catalog', 'postgres'] as const)('%s killed', (part) => {
  test.each(drawn().map((fraction) => [Math.round(fraction * 100), fraction] as const))(
    'when %i %% of the log are back: the rest comes back, once',
    async (_, fraction) => {
      copyOfTheOld();
      await killedWhileImporting(part, fraction);
      expect(await importsTold(house!)).toEqual([{ first: 1, last: old.places.length }]);
      expect(await house!.ended(await backUp(house!))).toMatchObject({ status: 'completed' });
      await expectWhole(house!);
    },
    300_000,
  );
});

test('the catalog killed while it copies the log after backups: the copy stays one chain', async () => {
  copyOfTheOld();
  house = await RunningHouse.start(settings());
  for (const fraction of Array.from({ length: 3 * moments }, random)) {
    await house.untilReady();
    const before = readdirSync(join(repository, 'log', '1')).length;
    expect(await house.ended(await backUp(house))).toMatchObject({ status: 'completed' });
    if (fraction < 0.5) await anotherSegment(before);
    else await pause((fraction - 0.5) * 1_200);
    house.kill('catalog');
    say(`catalog killed ${fraction < 0.5 ? 'when a segment appeared' : `${Math.round((fraction - 0.5) * 1_200)} ms after a backup`}`);
  }
  await house.untilReady();
  expect(await house.ended(await backUp(house))).toMatchObject({ status: 'completed' });
  await expectWhole(house);
}, 900_000);

async function anotherSegment(than: number): Promise<void> {
  for (let waited = 0; waited < 10_000 && readdirSync(join(repository, 'log', '1')).length === than; waited += 1) await pause(1);
}
