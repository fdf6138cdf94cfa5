/** Snapshots through the whole house: what they hold and say, restores while their pins are there, what is named when not, and promotion to a full. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareRule } from '@dr/deeplake';
import { compareFolders } from '../../deploy/local/src/demo/compare-folders.ts';
import { RunningHouse } from './support/running-house.ts';
import { place } from './support/sources.ts';

interface Dataset {
  dataset_id: string;
  status: string;
  pinned_objects?: number;
  pinned_bytes?: number;
  rows: number;
  findings: { code: string; severity: string; path: string }[];
}
interface Backup {
  backup_id: string;
  type: string;
  status: string;
  parent_id: string | null;
  size_bytes: number;
  compressed_size_bytes: number;
  datasets: Dataset[];
  metadata: { promoted_from?: string };
}
interface Problem {
  code: string;
  detail: string;
}

let house: RunningHouse;
let snapshot: Backup;
let full: Backup;
const backups = '/api/v1/backups';
const FORMATS = { columns: 'v4', tensors: 'v3', blobs: 'opaque' } as const;

beforeAll(async () => {
  house = await RunningHouse.start();
  await place(house.source, 'acme', 'tensors', ['gen-v3-full', '']);
  await place(house.source, 'acme', 'columns', ['gen-v4-full', 'ds']);
  await place(house.source, 'acme', 'blobs', ['hub-v1-same-shapes', '']);
  await new Promise((resolve) => setTimeout(resolve, 60)); // what is younger than 50 ms is read, not pinned
  snapshot = await house.run<Backup>(backups, { tenant_id: 'acme', type: 'snapshot' });
}, 120_000);
afterAll(() => house.stop(), 30_000);

const folder = (tenant: string, id: string) => join(house.source, tenant, id);
function expectSame(tenant: string, original = 'acme'): void {
  for (const [id, format] of Object.entries(FORMATS)) {
    const { different } = compareFolders(folder(original, id), folder(tenant, id), (path) => Boolean(compareRule(path, format)));
    expect([id, different]).toEqual([id, []]);
  }
}
const setOf = ({ datasets }: Backup, id: string) => datasets.find(({ dataset_id }) => dataset_id === id)!;

test('is completed, small, and says of each data set what it only pins; so do contents, events and findings', async () => {
  expect(snapshot).toMatchObject({ type: 'snapshot', status: 'completed', parent_id: null });
  for (const id of Object.keys(FORMATS)) {
    const { pinned_objects, pinned_bytes, findings } = setOf(snapshot, id);
    expect([pinned_objects! > 0, pinned_bytes! > 0]).toEqual([true, true]);
    expect(findings).toContainEqual(expect.objectContaining({ code: 'W6', severity: 'info' }));
  }
  expect(setOf(snapshot, 'columns').rows).toBeGreaterThan(0);
  expect(snapshot.compressed_size_bytes).toBeLessThan(snapshot.size_bytes / 2);
  const contents = await house.call<{ files: { pinned?: true; digest: string | null }[] }>(
    'GET',
    `${backups}/${snapshot.backup_id}/contents?dataset_id=columns`,
  );
  const pinned = contents.body.files.filter((file) => file.pinned);
  expect(pinned).toHaveLength(setOf(snapshot, 'columns').pinned_objects!);
  expect(pinned.every(({ digest }) => digest === null)).toBe(true);
  const { body } = await house.call<{ events: { type: string; data: { pinned?: object } }[] }>(
    'GET',
    `${backups}/${snapshot.backup_id}/events`,
  );
  expect(JSON.stringify(body)).toContain('"pinned"');
}, 30_000);

test('is verified as far as it goes and is no good copy: it can be deleted, and no data set counts as protected by it', async () => {
  const verified = await house.run<{ pinned_objects: number }>(`${backups}/${snapshot.backup_id}/verify`, { level: 'full' });
  const sum = snapshot.datasets.reduce((total, { pinned_objects }) => total + pinned_objects!, 0);
  expect(verified).toMatchObject({ status: 'passed', pinned_objects: sum });
  const { body } = await house.call<{ datasets: { last_good: object | null }[] }>('GET', '/api/v1/datasets?tenant_id=acme');
  expect(body.datasets.map(({ last_good }) => last_good)).toEqual([null, null, null]);
  expect((await house.call('DELETE', `${backups}/${snapshot.backup_id}`)).status).toBe(202);
  expect((await house.call('POST', `${backups}/${snapshot.backup_id}/undelete`)).status).toBe(202);
}, 60_000);

test('is restored from the source that has not changed', async () => {
  const restore = await house.run(`${backups}/${snapshot.backup_id}/restore`, { target_tenant: 'live' });
  expect(restore).toMatchObject({ status: 'completed' });
  expectSame('live');
}, 60_000);

test('is promoted to a full, which is restored without the source', async () => {
  full = await house.run<Backup>(`${backups}/${snapshot.backup_id}/promote`, { description: 'keep it' });
  expect(full).toMatchObject({ type: 'full', status: 'completed', parent_id: snapshot.backup_id, size_bytes: snapshot.size_bytes });
  expect(full.metadata).toMatchObject({ promoted_from: snapshot.backup_id, description: 'keep it' });
  expect(full.datasets.every(({ pinned_objects }) => pinned_objects === undefined)).toBe(true);
  const verified = await house.run(`${backups}/${full.backup_id}/verify`, { level: 'full' });
  expect(verified).toMatchObject({ status: 'passed' });
  expect(verified).not.toHaveProperty('pinned_objects');
}, 60_000);

test('then refers to what the full holds; an incremental builds on the full, not on a snapshot', async () => {
  const next = await house.run<Backup>(backups, { tenant_id: 'acme', type: 'snapshot' });
  expect(next).toMatchObject({ status: 'completed', parent_id: full.backup_id });
  expect(next.datasets.map(({ pinned_objects }) => pinned_objects)).toEqual([0, 0, 0]);
  const incremental = await house.run<Backup>(backups, { tenant_id: 'acme', type: 'incremental' });
  expect(incremental).toMatchObject({ status: 'completed', parent_id: full.backup_id });
}, 60_000);

test('is restored from the repository when another backup has read the very files, whatever became of the source', async () => {
  await place(house.source, 'kept', 'columns', ['gen-v4-full', 'ds']);
  await place(house.source, 'kept', 'tensors', ['gen-v3-full', '']);
  await place(house.source, 'kept', 'blobs', ['hub-v1-same-shapes', '']);
  rmSync(join(house.source, 'acme'), { recursive: true });
  const plan = await house.call<{ possible: boolean; datasets: { pinned: { held: { objects: number }; missing: { objects: number } } }[] }>(
    'POST',
    `${backups}/${snapshot.backup_id}/restore`,
    { dry_run: true },
  );
  expect(plan.body.possible).toBe(true);
  for (const { pinned } of plan.body.datasets) expect([pinned.held.objects > 0, pinned.missing.objects]).toEqual([true, 0]);
  expect(await house.run(`${backups}/${snapshot.backup_id}/restore`, {})).toMatchObject({ status: 'completed' });
  expectSame('acme', 'kept');
}, 60_000);

describe('when a file is gone everywhere', () => {
  let lost: Backup;
  let gone: string;
  beforeAll(async () => {
    await place(house.source, 'lost', 'columns', ['gen-v4-full', 'ds']);
    await place(house.source, 'lost', 'tensors', ['v3-tiny', '']);
    await new Promise((resolve) => setTimeout(resolve, 60));
    lost = await house.run<Backup>(backups, { tenant_id: 'lost', type: 'snapshot' });
    type Contents = { files: { path: string; pinned?: true }[] };
    const { body } = await house.call<Contents>('GET', `${backups}/${lost.backup_id}/contents?dataset_id=tensors`);
    gone = body.files.filter((file) => file.pinned).at(-1)!.path;
    writeFileSync(join(folder('lost', 'tensors'), gone), 'written since');
  }, 60_000);

  test('the restore is refused with 422 and names it, the dry run lists it, and the other data set can be had', async () => {
    const path = `${backups}/${lost.backup_id}/restore`;
    const refused = await house.call<Problem>('POST', path, { target_tenant: 'back' });
    expect([refused.status, refused.body.code, refused.body.detail.includes(gone)]).toEqual([422, 'restore.pinned_gone', true]);
    const plan = await house.call<{ possible: boolean; datasets: { to: string; pinned: { missing_paths: string[] } }[] }>('POST', path, {
      dry_run: true,
      target_tenant: 'back',
    });
    expect(plan.body.possible).toBe(false);
    expect(plan.body.datasets.find(({ to }) => to === 'tensors')!.pinned.missing_paths).toEqual([gone]);
    expect(await house.run(path, { target_tenant: 'back', dataset_ids: ['columns'] })).toMatchObject({ status: 'completed' });
  }, 60_000);

  test('the promotion is partial and names it; the other data set is whole in it', async () => {
    const promoted = await house.run<Backup>(`${backups}/${lost.backup_id}/promote`, {});
    expect(promoted).toMatchObject({ type: 'full', status: 'partial', parent_id: lost.backup_id });
    expect(setOf(promoted, 'columns').status).toBe('completed');
    expect(setOf(promoted, 'tensors').findings).toContainEqual(expect.objectContaining({ code: 'W1', severity: 'error', path: gone }));
  }, 60_000);
});
