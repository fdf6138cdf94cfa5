/** Restores through the whole house: dry runs, parts of a data set, torn heads, a partial backup told as partial, what is in the way. */
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunningHouse } from './support/running-house.ts';
import { place } from './support/sources.ts';

interface Restore {
  restore_id: string;
  status: string;
  backup_status: string;
  error_message: string | null;
  datasets: { to: string; status: string; error_message?: string; findings: { code: string; severity: string; message: string }[] }[];
}
interface Diff {
  datasets: { dataset_id: string; change: string }[];
  files: { path: string; change: string }[];
  next_cursor: string | null;
}
interface Plan {
  possible: boolean;
  datasets: {
    to: string;
    objects: number;
    changes: Record<string, { files: number }>;
    version?: { rows: number; cut_off: { files: number } };
  }[];
  estimated_seconds: number | null;
  conflicts: { code: string; versions?: string[] }[];
  warnings: string[];
}

let house: RunningHouse;
let whole: string;
let torn: string;

beforeAll(async () => {
  house = await RunningHouse.start();
  await place(house.source, 'acme', 'tiny', ['v3-tiny', '']);
  await place(house.source, 'acme', 'columns', ['gen-v4-full', 'ds']);
  writtenMinuteByMinute(join(house.source, 'acme/columns/_deeplake_log'));
  await place(house.source, 'torn', 'lengths', ['gen-v3-torn', '1']);
  whole = (await house.run<{ backup_id: string }>('/api/v1/backups', { tenant_id: 'acme' })).backup_id;
  torn = (await house.run<{ backup_id: string }>('/api/v1/backups', { tenant_id: 'torn' })).backup_id;
}, 120_000);
afterAll(() => house.stop(), 30_000);

/** Commit n of every log folder, in the first minutes of 2026. */
function writtenMinuteByMinute(log: string): void {
  for (const name of readdirSync(log, { recursive: true }) as string[]) {
    const at = Date.UTC(2026, 0, 1) / 1000 + 60 * Number(/\/(\d{10})[a-z]/.exec(name)?.[1] ?? 0);
    if (/\.jsonl/.test(name)) utimesSync(join(log, name), at, at);
  }
}

const path = (id: string) => `/api/v1/backups/${id}/restore`;
const names = (tenant: string) => (existsSync(join(house.source, tenant)) ? readdirSync(join(house.source, tenant)).sort() : []);

test('a restore without a body is a restore of everything into its own tenant, refused while it is there', async () => {
  const reply = await house.call<{ code: string }>('POST', path(whole));
  expect([reply.status, reply.body.code]).toEqual([409, 'restore.target_exists']);
});

test('a dry run tells what would change, and writes nothing', async () => {
  const before = names('acme');
  writeFileSync(join(house.source, 'acme', 'tiny', 'mine.txt'), 'mine');
  const { status, body, headers } = await house.call<Plan>('POST', path(whole), { dry_run: true, overwrite_existing: true });
  expect([status, headers.get('location')]).toEqual([200, null]);
  expect(body).toMatchObject({ possible: true, conflicts: [], datasets: [{ to: 'columns' }, { to: 'tiny' }] });
  expect(body.datasets[1]!.changes).toMatchObject({ added: { files: 0 }, removed: { files: 1 } });
  expect(body.warnings.join()).toContain('version times of v4');
  const refused = await house.call<Plan>('POST', path(whole), { dry_run: true });
  expect(refused.body).toMatchObject({
    possible: false,
    conflicts: [{ code: 'restore.target_exists' }, { code: 'restore.target_exists' }],
  });
  expect(names('acme')).toEqual(before);
  expect(names('elsewhere')).toEqual([]);
});

test('after a restore the time of the next one is estimated', async () => {
  expect(await house.run<Restore>(path(whole), { target_tenant: 'copy' })).toMatchObject({
    status: 'completed',
    backup_status: 'completed',
  });
  const { body } = await house.call<Plan>('POST', path(whole), { dry_run: true, target_tenant: 'elsewhere' });
  expect(body.estimated_seconds).toBeGreaterThanOrEqual(1);
}, 60_000);

test('some paths go only into a new data set, which is labelled partial', async () => {
  const wish = { dataset_ids: ['tiny'], dataset_mapping: { tiny: 'some' }, paths: ['*.json', 'versions'] };
  const restore = await house.run<Restore>(path(whole), wish);
  expect(restore).toMatchObject({ status: 'partial', datasets: [{ to: 'some', status: 'partial' }] });
  expect(restore.datasets[0]!.error_message).toContain('*.json');
  expect(readdirSync(join(house.source, 'acme', 'some')).every((name) => name.endsWith('.json') || name === 'versions')).toBe(true);
}, 60_000);

test('a version of a data set: planned with its rows, restored without what only later ones need, and told', async () => {
  const wish = { dataset_ids: ['columns'], version: '0000000003m00000000', target_tenant: 'earlier' };
  const ambiguous = await house.call<Plan>('POST', path(whole), { ...wish, version: '0000000001m00000000', dry_run: true });
  expect(ambiguous.body).toMatchObject({
    possible: false,
    conflicts: [{ versions: expect.arrayContaining(['main:0000000001m00000000']) }],
  });
  const { body } = await house.call<Plan>('POST', path(whole), { ...wish, dry_run: true });
  const [plan] = body.datasets;
  expect(plan!.version).toMatchObject({
    branch: 'main',
    version: wish.version,
    rows: expect.any(Number),
    cut_off: { files: expect.any(Number) },
  });
  const restore = await house.run<Restore>(path(whole), wish);
  expect(restore).toMatchObject({ status: 'completed', datasets: [{ findings: [{ code: 'R7', severity: 'info' }] }] });
  expect(restore.datasets[0]!.findings[0]!.message).toContain(`with ${plan!.version!.rows} rows`);
  const data = readdirSync(join(house.source, 'earlier/columns'), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  expect(data.filter(({ name }) => name !== 'next_base')).toHaveLength(plan!.objects);
  const missing = await house.call<{ code: string; detail: string }>('POST', path(whole), { version: 'experiment', target_tenant: 'none' });
  expect([missing.status, missing.body.code]).toEqual([422, 'restore.version_unknown']);
  expect(missing.body.detail).toContain('Data set tiny: There is no commit or branch "experiment"');
  expect(names('none')).toEqual([]);
}, 60_000);

test('as of a moment: the oldest backup from after it is cut to it; what cannot be, is refused with the reason', async () => {
  const log = join(house.source, 'acme/columns/_deeplake_log');
  const branch = readdirSync(log).find((name) => name !== '_meta' && readdirSync(join(log, name)).length > 8)!;
  const third = readdirSync(join(log, branch)).find((name) => name.startsWith('0000000003'))!;
  const at = '2026-01-01T00:03:30.000Z';
  const latest = (moment: string) => `/api/v1/backups/latest/restore?tenant_id=acme&as_of=${moment}`;
  const wish = { dataset_ids: ['columns'], target_tenant: 'then' };
  const { body } = await house.call<Plan & { backup_id: string }>('POST', latest(at), { ...wish, dry_run: true });
  expect(body).toMatchObject({
    backup_id: whole,
    possible: true,
    datasets: [{ version: { branch: 'main', version: third.slice(0, 19) } }],
  });
  expect(body.warnings[0]).toContain(`is cut to ${at}`);
  expect(await house.run<Restore>(latest(at), wish)).toMatchObject({ status: 'completed', datasets: [{ findings: [{ code: 'R7' }] }] });
  const early = await house.call<{ code: string; detail: string }>('POST', latest('2001-01-01T00:00:00Z'), wish);
  expect([early.status, early.body.code]).toEqual([422, 'restore.version_not_reached']);
  expect(early.body.detail).toContain('Data set columns: Its history does not reach back to 2001-01-01');
  const both = await house.call<{ code: string }>('POST', latest(at), { ...wish, version: 'main' });
  expect([both.status, both.body.code]).toEqual([422, 'restore.option_not_supported']);
}, 60_000);

test('a fresh lock keeps a target from being replaced, unless it is forced', async () => {
  writeFileSync(join(house.source, 'acme', 'tiny', 'dataset_lock.lock'), 'lock');
  const wish = { dataset_ids: ['tiny'], overwrite_existing: true };
  const reply = await house.call<{ code: string; detail: string }>('POST', path(whole), wish);
  expect([reply.status, reply.body.code]).toEqual([409, 'restore.target_locked']);
  expect(reply.body.detail).not.toContain(house.source);
  expect(await house.run<Restore>(path(whole), { ...wish, force: true })).toMatchObject({ status: 'completed' });
  expect(existsSync(join(house.source, 'acme', 'tiny', 'mine.txt'))).toBe(false);
}, 60_000);

test('a torn head is restored as of its last commit, and told as partial; the bytes as captured on request', async () => {
  const repaired = await house.run<Restore>(path(torn), { target_tenant: 'repaired' });
  expect(repaired).toMatchObject({ status: 'partial', backup_status: 'partial', datasets: [{ status: 'partial' }] });
  const [{ findings, error_message }] = repaired.datasets as [Restore['datasets'][0]];
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(error_message).toContain('with loss');
  const kept = await house.run<Restore>(path(torn), { target_tenant: 'kept', keep_torn_head: true });
  expect(kept.status).toBe('partial');
  const codes = kept.datasets[0]!.findings.filter(({ severity }) => severity === 'error').map(({ code }) => code);
  expect([...new Set(codes)].sort()).toEqual(['M3', 'M4']);
  const meta = (tenant: string) => readFileSync(join(house.source, tenant, 'lengths', 'dataset_meta.json'));
  expect(meta('kept').equals(meta('torn'))).toBe(true);
}, 60_000);

test('what became of the data sets since: rows, branches and files, of one backup and the next', async () => {
  await place(house.source, 'later', 'columns', ['gen-v4-series', '1']);
  const first = (await house.run<{ backup_id: string }>('/api/v1/backups', { tenant_id: 'later' })).backup_id;
  await place(house.source, 'later', 'columns', ['gen-v4-series', '3']);
  await place(house.source, 'later', 'tiny', ['v3-tiny', '']);
  const second = (await house.run<{ backup_id: string }>('/api/v1/backups', { tenant_id: 'later', type: 'incremental' })).backup_id;
  const { body: record } = await house.call<{ datasets: { dataset_id: string; changes?: object }[] }>('GET', `/api/v1/backups/${second}`);
  expect(record.datasets.map(({ dataset_id, changes }) => [dataset_id, changes])).toEqual([
    ['columns', expect.objectContaining({ change: 'changed', rows: { added: 0, updated: 10, deleted: 10 }, exact: true })],
    ['tiny', undefined],
  ]);
  const diff = (from: string, to: string, more = '') => house.call<Diff>('GET', `/api/v1/backups/${from}/diff/${to}${more}`);
  const { status, body } = await diff(first, second);
  expect([status, body.next_cursor]).toEqual([200, null]);
  expect(body.datasets).toMatchObject([
    {
      dataset_id: 'columns',
      change: 'changed',
      rows_before: 700,
      rows_after: 690,
      rows: { added: 0, updated: 10, deleted: 10 },
      exact: true,
    },
    { dataset_id: 'tiny', change: 'added' },
  ]);
  const page = await diff(first, second, '?limit=1');
  expect(page.body.datasets.map(({ dataset_id }) => dataset_id)).toEqual(['columns']);
  expect((await diff(first, second, `?cursor=${page.body.next_cursor}`)).body.datasets).toMatchObject([{ dataset_id: 'tiny' }]);
  const files = await diff(first, second, '/files?dataset_id=columns');
  expect(files.body.files.length).toBeGreaterThan(2);
  expect(files.body.files.every(({ change }) => change === 'added')).toBe(true);
  expect((await diff(first, second, '/files?dataset_id=tiny')).status).toBe(404);
  expect([(await diff(first, whole)).status, (await diff(first, 'backup_20200101_000000_00000000')).status]).toEqual([422, 404]);
}, 60_000);

test('a restore that has ended cannot be cancelled; one that nobody made is not there', async () => {
  const { restore_id } = await house.run<Restore>(path(whole), { target_tenant: 'ended' });
  const late = await house.call<{ code: string }>('POST', `/api/v1/restores/${restore_id}/cancel`);
  expect([late.status, late.body.code]).toEqual([409, 'wrong_state.restore_ended']);
  expect((await house.call('POST', '/api/v1/restores/restore_none/cancel')).status).toBe(404);
}, 60_000);
