/** Two real backups compared: data sets of the real clients, unknown layouts, what came, went and was replaced, without reading what is the same. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inspectDataset } from '@dr/deeplake';
import { type CaptureFile, type Commit, type CommitDataset, initRepository, type Repository, type TenantRepository } from '@dr/repository';
import { openSourceFolder, openStore } from '@dr/storage';
import { fixtureFolder } from '../../../test/e2e/support/sources.ts';
import { freshDir } from '../../../test/support/servers.ts';
import { changeResource } from './change-resource.ts';
import type { DatasetChange } from './dataset-change.ts';
import { changedFiles, diffBackups } from './diff-backups.ts';

let repository: Repository;
let tenant: TenantRepository;
let before: Commit;
let after: Commit;

const folderOf = (files: Record<string, string>): string => {
  const root = freshDir('set');
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
};

async function backUp(n: number, sets: Record<string, string>): Promise<Commit> {
  const backupId = `backup_20260101_00000${n}_00000001`;
  const session = await tenant.session(backupId, { type: 'full' });
  const datasets: CommitDataset[] = [];
  for (const [datasetId, root] of Object.entries(sets)) {
    const source = await openSourceFolder(root);
    const { format, rows } = await inspectDataset(source);
    const tree = await session.capture({ datasetId, root, files: source.list() as AsyncIterable<CaptureFile[]> });
    const { objects, bytes, newBytes } = tree;
    datasets.push({ datasetId, format, rows, root: tree.root, status: 'completed', objects, bytes, newBytes });
  }
  const manifest = { backupId, tenant: 'acme', type: 'full', datasets, createdAtMs: 0, expected: datasets.length } as const;
  const commit = (await session.commit(manifest)) as Commit;
  await session.close();
  return commit;
}

beforeAll(async () => {
  const unlock = { passphrase: async () => 'a test' };
  const kdf = { memoryKiB: 8, iterations: 1, parallelism: 1 } as never;
  const store = await openStore(freshDir('store'));
  repository = await initRepository(store, { unlock, encryption: false, kdf, workers: 1, now: () => 1_764_000_000_000 });
  tenant = await repository.tenant('acme', { create: true });
  const files = { 'meta.json': '{}', a: '1', 'b/c': 'xx', gone: 'y'.repeat(600) };
  before = await backUp(1, {
    columns: await fixtureFolder('gen-v4-series', '1'),
    files: folderOf(files),
    old: folderOf({ 'meta.json': '{}', x: '123' }),
    remade: await fixtureFolder('v3-tiny', ''),
    rows: await fixtureFolder('gen-v3-series', '3'),
    same: await fixtureFolder('gen-v4-full', 'ds'),
    touched: folderOf({ 'meta.json': '{}', x: '123' }),
  });
  const { gone: _, ...rest } = files;
  after = await backUp(2, {
    columns: await fixtureFolder('gen-v4-series', '3'),
    files: folderOf({ ...rest, a: 'changed', 'b/new': 'z' }),
    new: await fixtureFolder('v3-tiny', ''),
    remade: await fixtureFolder('gen-v4-full', 'ds'),
    rows: await fixtureFolder('gen-v3-series', '5'),
    same: await fixtureFolder('gen-v4-full', 'ds'),
    touched: folderOf({ 'meta.json': '{}', x: '123' }),
  });
}, 60_000);
afterAll(() => repository.close());

async function changes(more: { datasetId?: string; behind?: string } = {}): Promise<Record<string, DatasetChange>> {
  const found: DatasetChange[] = [];
  for await (const change of diffBackups({ tenant, before, after, ...more })) found.push(change);
  expect(found.map(({ datasetId }) => datasetId)).toEqual(found.map(({ datasetId }) => datasetId).sort());
  return Object.fromEntries(found.map((change) => [change.datasetId, change]));
}

test('what became of each data set of either backup', async () => {
  const { columns, files, new: added, old, remade, rows, same } = await changes();
  expect(columns).toMatchObject({ change: 'changed', format: 'v4', rows: { added: 0, updated: 10, deleted: 10 }, exact: true, notes: [] });
  expect([columns!.rowsBefore, columns!.rowsAfter]).toEqual([700, 690]);
  expect(files).toMatchObject({
    change: 'changed',
    format: 'opaque',
    files: { added: { files: 1, bytes: 1 }, changed: { files: 1, bytes: 7 }, removed: { files: 1, bytes: 600 } },
    branches: [],
  });
  expect(files!.rows).toBeUndefined();
  expect(added).toMatchObject({ change: 'added', files: { added: { files: after.datasets.find((d) => d.datasetId === 'new')!.objects } } });
  expect(old).toMatchObject({ change: 'removed', files: { removed: { files: 2, bytes: 5 } } });
  expect(remade).toMatchObject({ change: 'replaced', format: 'v4' });
  expect(rows).toMatchObject({ change: 'changed', format: 'v3', rows: { updated: 1, deleted: 1 } });
  expect(rows!.branches.map(({ name, change }) => [name, change])).toContainEqual(['exp', 'added']);
  expect(same).toMatchObject({ change: 'unchanged', rows: { added: 0, updated: 0, deleted: 0 } });
});

test('files that were written again with the same bytes are no change', async () => {
  const [was, is] = [before, after].map(({ datasets }) => datasets.find(({ datasetId }) => datasetId === 'touched')!.root);
  expect(was).not.toBe(is);
  const none = { files: 0, bytes: 0 };
  expect((await changes())['touched']).toMatchObject({ change: 'unchanged', files: { added: none, changed: none, removed: none } });
});

test('one data set, or those behind another', async () => {
  expect(Object.keys(await changes({ datasetId: 'rows' }))).toEqual(['rows']);
  expect(Object.keys(await changes({ behind: 'old' }))).toEqual(['remade', 'rows', 'same', 'touched']);
});

test('the files that differ, page by page', async () => {
  const [was, is] = [before, after].map(({ datasets }) => datasets.find(({ datasetId }) => datasetId === 'files')!);
  const told = async (behind?: string): Promise<string[]> => {
    const found: string[] = [];
    for await (const page of changedFiles(tenant, was!, is!, behind)) found.push(...page.map(({ path, change }) => `${change} ${path}`));
    return found;
  };
  expect(await told()).toEqual(['changed a', 'added b/new', 'removed gone']);
  expect(await told('a')).toEqual(['added b/new', 'removed gone']);
});

test('rows that do not come out are told as not exact', async () => {
  const wrong = { datasets: before.datasets.map((d) => (d.datasetId === 'columns' ? { ...d, rows: 650 } : d)) };
  const found: DatasetChange[] = [];
  for await (const change of diffBackups({ tenant, before: wrong, after, datasetId: 'columns' })) found.push(change);
  expect(found[0]).toMatchObject({ exact: false, notes: [expect.stringContaining('there were 650 and are 690')] });
});

test('a change as the API tells it', async () => {
  const { rows, old } = await changes();
  const resource = changeResource(rows!) as { branches: { name: string; tensors: object[] }[] };
  expect(resource).toMatchObject({
    dataset_id: 'rows',
    rows_before: expect.any(Number),
    rows_after: expect.any(Number),
    tags: [],
    exact: true,
  });
  const main = resource.branches.find(({ name }) => name === 'main')!;
  expect(main).toMatchObject({ change: 'changed', head_before: expect.any(String), head_after: expect.any(String) });
  expect(main.tensors[0]).toEqual({
    name: expect.any(String),
    rows_before: expect.any(Number),
    rows_after: expect.any(Number),
    added: expect.any(Number),
    updated: expect.any(Number),
    deleted: expect.any(Number),
  });
  expect(changeResource(old!)).toMatchObject({ rows: null, rows_before: null, rows_after: null });
  const many = Array.from({ length: 250 }, (_, i) => ({ name: `t${i}`, change: 'added' as const, versionAfter: '1' }));
  const capped = changeResource({ ...rows!, tags: many }) as { tags: object[]; notes: string[] };
  expect([capped.tags.length, capped.notes.at(-1)]).toEqual([200, '50 more tags changed.']);
});
