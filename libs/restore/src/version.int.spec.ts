/** Data sets of the real client restored as of a version: planned, cut, checked, and whole; or refused before anything is written. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type DatasetReport, inspectDataset } from '@dr/deeplake';
import { openSourceFolder } from '@dr/storage';
import { fixtureFolder } from '../../../test/e2e/support/sources.ts';
import { freshDir } from '../../../test/support/servers.ts';
import type { RestoreChoices } from './options.ts';
import { planRestore } from './plan/plan-restore.ts';
import { restoreDataset } from './restore-dataset.ts';
import { findPlace } from './target/place.ts';
import { type BackedUp, backedUp, choices } from './testing/backed-up.ts';

let backup: BackedUp;
const reports: Record<string, DatasetReport> = {};
beforeAll(async () => {
  const folders = {
    columns: await fixtureFolder('gen-v4-full', 'ds'),
    rows: await fixtureFolder('gen-v3-full', ''),
    torn: await fixtureFolder('gen-v3-torn', '1'),
  };
  for (const [id, folder] of Object.entries(folders)) reports[id] = await inspectDataset(await openSourceFolder(folder));
  const { findings } = reports['torn']!;
  const about = {
    columns: { format: 'v4' as const },
    rows: { format: 'v3' as const },
    torn: { format: 'v3' as const, status: 'partial' as const, findings },
  };
  backup = await backedUp({ ...folders, files: { x: 'x' } }, about);
}, 60_000);
afterAll(() => backup.close());

const SECOND = '844c9091';

async function restore(id: string, more: Partial<RestoreChoices>) {
  const sourceRoot = freshDir('source');
  const place = await findPlace(sourceRoot, { tenant: 'acme', dataset: id, restoreId: 'r', n: 1, token: 1 });
  const parts = { tenant: backup.tenant, commit: backup.commit, dataset: backup.set(id), options: choices(more), place, sourceRoot };
  const rest = { signal: new AbortController().signal, progress: () => undefined, now: Date.now, beginSwap: async () => undefined };
  const run = () => restoreDataset({ ...parts, ...rest });
  const result = await run();
  return { result, run, target: place.target, report: await inspectDataset(await openSourceFolder(place.target), { deep: true }) };
}

const plan = (ids: string[], more: Partial<RestoreChoices>, detail = true) =>
  planRestore({
    tenant: backup.tenant,
    commit: backup.commit,
    targetTenant: 'acme',
    datasets: ids.map((id) => backup.set(id)),
    options: choices(more),
    sourceRoot: freshDir('source'),
    now: 0,
    detail,
  });

test('every version of a v4 set comes back with its rows, and the plan had said so', async () => {
  const { versions } = reports['columns']!;
  for (const wanted of versions.filter((_, i) => i % 4 === 1)) {
    const version = `${wanted.branch}:${wanted.version}`;
    const [planned] = (await plan(['columns'], { version })).datasets;
    const { result, report, target } = await restore('columns', { version });
    const head = report.branches.find(({ name }) => name === wanted.branch)!;
    expect([head.headVersion, head.rows]).toEqual([wanted.version, wanted.rows]);
    expect(planned!.version).toMatchObject({ branch: wanted.branch, version: wanted.version, rows: wanted.rows });
    expect(result).toMatchObject({ objects: planned!.objects, lacks: undefined, findings: [expect.objectContaining({ code: 'R7' })] });
    expect(planned!.changes!.added).toEqual({ files: planned!.objects, bytes: planned!.bytes });
    const counters = readdirSync(target, { recursive: true }).filter((name) => String(name).endsWith('next_base')).length;
    expect(report.files.count).toBe(planned!.objects + counters);
  }
});

test('a meta log that is written anew keeps its time', async () => {
  const { target } = await restore('columns', { version: reports['columns']!.versions[2]!.version });
  const folder = join(target, '_deeplake_log/_meta');
  const source = join(await fixtureFolder('gen-v4-full', 'ds'), '_deeplake_log/_meta');
  const logs = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  expect(logs.length).toBeGreaterThan(0);
  for (const name of logs) expect(Math.abs(statSync(join(folder, name)).mtimeMs - statSync(join(source, name)).mtimeMs)).toBeLessThan(2);
});

test('a v3 set comes back as of a commit, smaller, and whole', async () => {
  const wanted = reports['rows']!.versions.find(({ version }) => version.startsWith(SECOND))!;
  const { result, report, run } = await restore('rows', { version: SECOND });
  expect([report.rows, result.lacks, report.findings]).toEqual([wanted.rows, undefined, []]);
  expect(report.files.bytes).toBeLessThan(reports['rows']!.files.bytes * 0.8);
  await expect(run()).rejects.toMatchObject({ code: 'restore.target_exists' });
});

test('as of a moment', async () => {
  const wanted = reports['rows']!.versions.find(({ version }) => version.startsWith(SECOND))!;
  const asOf = new Date(wanted.committedAtMs!).toISOString();
  const { report } = await restore('rows', { asOf });
  expect(report.rows).toBe(wanted.rows);
  const early = await plan(['rows'], { asOf: '2020-01-01T00:00:00.000Z' }, false);
  expect(early.conflicts).toMatchObject([{ code: 'restore.version_not_reached', dataset: 'rows' }]);
});

test('a version behind a torn head is whole, although the backup holds the set with loss; the torn branch is not', async () => {
  const { result, report } = await restore('torn', { version: 'firstdbf9474d461a19e9333c2fd19b46115348f' });
  expect([report.findings, result.lacks]).toEqual([[], undefined]);
  expect(result.findings.map(({ code }) => code)).toEqual(['R7']);
  expect((await plan(['torn'], { version: 'main' })).datasets[0]!.status).toBe('partial');
  const branch = await restore('torn', { version: 'main' });
  expect(branch.result.findings.map(({ code }) => code)).toEqual(['R1', 'R7']);
});

test('what cannot be cut is told for every data set of the plan, before anything is written, and by the restore with the same code', async () => {
  const { conflicts } = await plan(['columns', 'rows', 'files'], { version: 'exp' }, false);
  expect(conflicts.map(({ code, dataset }) => [code, dataset])).toEqual([
    ['restore.version_unknown', 'columns'],
    ['restore.version_not_possible', 'files'],
  ]);
  expect(conflicts[0]).toMatchObject({
    versions: expect.arrayContaining(['experiment', 'main']),
    message: expect.stringContaining('Data set columns: There is no'),
  });
  await expect(restore('columns', { version: 'exp' })).rejects.toMatchObject({ code: 'restore.version_unknown' });
  expect(existsSync(join(freshDir('source'), 'acme'))).toBe(false);
});
