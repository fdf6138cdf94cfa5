/** The main job through the whole house: every complete fixture backed up by one request, verified, restored and compared; torn ones told as what they are. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { compareRule } from '@dr/deeplake';
import { compareFolders } from '../../deploy/local/src/demo/compare-folders.ts';
import { RunningHouse } from './support/running-house.ts';
import { COMPLETE, fixtureFolder, place } from './support/sources.ts';

interface Dataset {
  dataset_id: string;
  format: 'v3' | 'v4' | 'opaque';
  status: string;
  objects: number;
  bytes: number;
  new_bytes: number;
  rows: number;
  branches: { name: string; rows: number }[];
  tags: { name: string; rows: number }[];
  findings: { code: string; severity: string }[];
}
interface Backup {
  backup_id: string;
  status: string;
  dataset_ids: string[];
  datasets: Dataset[];
  size_bytes: number;
  compressed_size_bytes: number;
  error_message: string | null;
  checksum: string;
  storage_path: string;
  verified_at: string | null;
  metadata: { description: string; ticket: string };
}

let house: RunningHouse;
let backup: Backup;

beforeAll(async () => {
  house = await RunningHouse.start();
  for (const [archive, folder, id] of COMPLETE) await place(house.source, 'acme', id, [archive, folder]);
  await place(house.source, 'torn', 'v3-lengths', ['gen-v3-torn', '1']);
  await place(house.source, 'torn', 'v4-missing', ['gen-v4-torn', '0']);
  await place(house.source, 'torn', 'whole', ['v3-tiny', '']);
  backup = await house.run<Backup>('/api/v1/backups', { tenant_id: 'acme', description: 'all of it', metadata: { ticket: 'T-1' } });
}, 120_000);

afterAll(() => house.stop(), 30_000);

test('one request backs up every complete data set, completed and without an error', () => {
  expect({ status: backup.status, error: backup.error_message }).toEqual({ status: 'completed', error: null });
  expect(backup.dataset_ids).toEqual(COMPLETE.map(([, , id]) => id).sort());
  expect(backup.datasets.map((d) => [d.dataset_id, d.status, d.findings.filter((f) => f.severity === 'error')])).toEqual(
    backup.dataset_ids.map((id) => [id, 'completed', []]),
  );
  expect(backup.size_bytes).toBe(backup.datasets.reduce((sum, d) => sum + d.bytes, 0));
  expect(backup.metadata).toMatchObject({ description: 'all of it', ticket: 'T-1' });
  expect(statSync(join(house.repository, backup.storage_path)).size).toBeGreaterThan(0);
});

test('rows, branches and tags of a v4 set are those that the real client counted', async () => {
  const expected = JSON.parse(readFileSync(join(await fixtureFolder('gen-v4-full', ''), 'expected.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  const full = backup.datasets.find((d) => d.dataset_id === 'gen-v4-full')!;
  const told = JSON.stringify(expected);
  expect(full.format).toBe('v4');
  expect(full.branches.map((b) => b.name).sort()).toEqual(['experiment', 'fix', 'main']);
  expect(full.rows).toBe(128);
  expect(told).toContain('128');
  expect(full.tags.length).toBe(2);
});

test('a restore into another tenant gives back every byte, mode and time', async () => {
  const restore = await house.run(`/api/v1/backups/${backup.backup_id}/restore`, { target_tenant: 'acme-2' });
  expect(restore).toMatchObject({ status: 'completed', error_message: null });
  for (const { dataset_id, format } of backup.datasets) {
    const [from, to] = [join(house.source, 'acme', dataset_id), join(house.source, 'acme-2', dataset_id)];
    const result = compareFolders(from, to, (path) => compareRule(path, format));
    expect([dataset_id, result.different]).toEqual([dataset_id, []]);
    expect(result.same).toBeGreaterThan(0);
    expect([dataset_id, metaDifferences(from, to, format)]).toEqual([dataset_id, []]);
  }
  expect(readdirSync(join(house.source, 'acme-2')).filter((name) => name.startsWith('.dr-'))).toEqual([]);
}, 60_000);

/** Node sets times from a double, which is exact to a quarter of a microsecond. */
const TIME_STEP_NS = 500n;

function metaDifferences(from: string, to: string, format: Dataset['format']): string[] {
  const files = readdirSync(from, { recursive: true, withFileTypes: true }).filter((e) => e.isFile());
  const paths = files.map((e) => join(e.parentPath, e.name).slice(from.length + 1)).filter((path) => compareRule(path, format));
  return paths.filter((path) => {
    const [a, b] = [statSync(join(from, path), { bigint: true }), statSync(join(to, path), { bigint: true })];
    const apart = a.mtimeNs > b.mtimeNs ? a.mtimeNs - b.mtimeNs : b.mtimeNs - a.mtimeNs;
    return a.mode !== b.mode || apart > TIME_STEP_NS;
  });
}

test('verify full passes and is written on the backup', async () => {
  const verification = await house.run<{ objects: number }>(`/api/v1/backups/${backup.backup_id}/verify`, { level: 'full' });
  expect(verification).toMatchObject({ status: 'passed', findings: [], objects: backup.datasets.reduce((sum, d) => sum + d.objects, 0) });
  for (let tries = 0; tries < 50; tries++) {
    const { body } = await house.call<Backup>('GET', `/api/v1/backups/${backup.backup_id}`);
    if (body.verified_at !== null) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the backup never showed its verification');
}, 60_000);

test('a second backup of what did not change stores only its own records', async () => {
  const second = await house.run<Backup>('/api/v1/backups', { tenant_id: 'acme' });
  expect(second.status).toBe('completed');
  expect(second.size_bytes).toBe(backup.size_bytes);
  expect(second.datasets.reduce((sum, d) => sum + d.new_bytes, 0)).toBe(0);
  expect(second.compressed_size_bytes).toBe(0);
}, 60_000);

test('torn data sets make the backup partial and are named with their findings; the whole one beside them is completed', async () => {
  const torn = await house.run<Backup>('/api/v1/backups', { tenant_id: 'torn' });
  expect(torn.status).toBe('partial');
  expect(torn.error_message).toMatch(/v3-lengths: .*v4-missing: /s);
  expect(torn.error_message).not.toContain('whole:');
  const errors = (id: string) => {
    const { findings } = torn.datasets.find((d) => d.dataset_id === id)!;
    return [...new Set(findings.filter((f) => f.severity === 'error').map((f) => f.code))].sort();
  };
  expect(errors('v3-lengths')).toEqual(['M3', 'M4']);
  expect(errors('v4-missing')).toEqual(['D1']);
  expect(torn.datasets.map((d) => [d.dataset_id, d.status])).toEqual([
    ['v3-lengths', 'partial'],
    ['v4-missing', 'partial'],
    ['whole', 'completed'],
  ]);
}, 60_000);

test('contents tell each file with its size and digest, page by page', async () => {
  const path = `/api/v1/backups/${backup.backup_id}/contents?dataset_id=v3-tiny&limit=10`;
  type Page = { files: { path: string; size: number }[]; next_cursor: string | null };
  const paths: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body }: { body: Page } = await house.call<Page>('GET', `${path}${cursor && `&cursor=${cursor}`}`);
    paths.push(...body.files.map((f) => f.path));
    cursor = body.next_cursor;
  }
  const tiny = backup.datasets.find((d) => d.dataset_id === 'v3-tiny')!;
  expect(new Set(paths).size).toBe(tiny.objects);
  expect(paths).toEqual([...paths].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
});

test('contents of a whole backup go on from data set to data set, and a cursor of other contents is refused', async () => {
  const path = `/api/v1/backups/${backup.backup_id}/contents`;
  type Page = { files: { dataset_id: string; path: string }[]; next_cursor: string | null };
  const seen: string[] = [];
  let last = '';
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body }: { body: Page } = await house.call<Page>('GET', `${path}?limit=200${cursor && `&cursor=${cursor}`}`);
    seen.push(...body.files.map((f) => `${f.dataset_id} ${f.path}`));
    last = cursor || last;
    cursor = body.next_cursor;
  }
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen.length).toBeGreaterThanOrEqual(backup.datasets.reduce((sum, d) => sum + d.objects, 0));
  const elsewhere = await house.call('GET', `${path}?dataset_id=v3-tiny&cursor=${last}`);
  expect([elsewhere.status, elsewhere.body['code']]).toEqual([400, 'request.bad_cursor']);
});

test('lists are newest first, page by page, and narrowed by tenant and data set', async () => {
  type List = { backups: Backup[]; next_cursor: string | null };
  const first = (await house.call<List>('GET', '/api/v1/backups?limit=2')).body;
  const rest = (await house.call<List>('GET', `/api/v1/backups?limit=2&cursor=${first.next_cursor}`)).body;
  const ids = [...first.backups, ...rest.backups].map((b) => b.backup_id);
  expect(ids.length).toBe(3);
  expect(rest.next_cursor).toBeNull();
  expect(ids.at(-1)).toBe(backup.backup_id);
  const ofTorn = (await house.call<List>('GET', '/api/v1/backups?tenant_id=torn')).body.backups;
  expect(ofTorn.map((b) => b.status)).toEqual(['partial']);
  const ofSet = (await house.call<List>('GET', '/api/v1/backups?dataset_id=lol')).body.backups;
  expect(ofSet.length).toBe(2);
});
