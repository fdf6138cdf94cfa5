import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatasetReport } from '../report.ts';
import { removeTestFolders, unpackFixture } from '../testing/fixtures.ts';
import { FolderView } from '../testing/folder-view.ts';
import { inspectV4 } from './inspect-v4.ts';

interface ExpectedVersion {
  folder?: string;
  branch: string;
  version: string;
  rows: number;
  columns: string[];
}

const folders: Record<string, string> = {};
beforeAll(async () => {
  for (const name of ['gen-v4-full', 'gen-v4-series', 'gen-v4-compact', 'gen-v4-torn']) folders[name] = await unpackFixture(name);
});
afterAll(removeTestFolders);

async function expected<T>(archive: string): Promise<T> {
  return JSON.parse(await readFile(join(folders[archive]!, 'expected.json'), 'utf8')) as T;
}

const inspect = (archive: string, set: string, deep = true) => inspectV4(new FolderView(join(folders[archive]!, set)), { deep });
const errorsOf = (report: DatasetReport) => [...new Set(report.findings.filter((f) => f.severity === 'error').map((f) => f.code))];

/** What the writer noted at a version against what we read. */
function expectVersion(report: DatasetReport, wanted: ExpectedVersion): void {
  const found = report.versions.find((v) => v.branch === wanted.branch && v.version === wanted.version);
  expect({ rows: found?.rows, columns: found?.columns }).toEqual({ rows: wanted.rows, columns: wanted.columns });
}

describe('gen-v4-full', () => {
  test('has no finding, and every version has the rows and columns that its writer saw', async () => {
    const report = await inspect('gen-v4-full', 'ds');
    const { versions } = await expected<{ versions: ExpectedVersion[] }>('gen-v4-full');
    expect(report.findings).toEqual([]);
    expect(versions).toHaveLength(15);
    for (const version of versions) expectVersion(report, version);
  });

  test('branches and tags are those of the writer, deleted ones left out', async () => {
    const report = await inspect('gen-v4-full', 'ds');
    type Point = { rows: number; version: string; id?: string };
    const wanted = await expected<{ branches: Record<string, Point>; tags: Record<string, Point> }>('gen-v4-full');
    const pick = ({ rows, version, id }: Point) => (id === undefined ? { rows, version } : { rows, version, id });
    expect(Object.fromEntries(report.branches.map((b) => [b.name, { rows: b.rows, version: b.headVersion, id: b.id }]))).toEqual(
      Object.fromEntries(Object.entries(wanted.branches).map(([name, b]) => [name, pick(b)])),
    );
    expect(Object.fromEntries(report.tags.map((t) => [t.name, { rows: t.rows, version: t.version }]))).toEqual(
      Object.fromEntries(Object.entries(wanted.tags).map(([name, t]) => [name, pick(t)])),
    );
  });

  test('the report names head, schema, messages and files', async () => {
    const report = await inspect('gen-v4-full', 'ds');
    expect(report).toMatchObject({
      format: 'v4',
      intact: true,
      headVersion: '0000000014o00000008',
      rows: 128,
      files: { count: 76, orphans: 0 },
    });
    expect(report.schema.map((c) => `${c.name}:${c.dtype ?? c.type}`)).toEqual([
      'id:int64',
      'text:text',
      'embedding:float32',
      'raw:bytes',
      'score:int32',
    ]);
    expect(report.versions[1]).toMatchObject({ message: '60 rows', committedAtMs: 1795426739000 });
  });
});

test.each([
  ['gen-v4-series', 6],
  ['gen-v4-compact', 2],
])('%s: each of the %s moments has its rows and no finding', async (archive, moments) => {
  const { steps } = await expected<{ steps: Required<ExpectedVersion>[] }>(archive);
  expect(steps).toHaveLength(moments);
  for (const step of steps) {
    const report = await inspect(archive, step.folder);
    expect(report.findings).toEqual([]);
    expectVersion(report, step);
  }
});

test('gen-v4-torn: each copy has exactly the errors that expected.json lists', async () => {
  const { copies } = await expected<{ copies: Record<string, { findings: string[] }> }>('gen-v4-torn');
  expect(Object.keys(copies)).toHaveLength(5);
  for (const [name, { findings }] of Object.entries(copies)) {
    const report = await inspect('gen-v4-torn', name);
    expect([name, errorsOf(report), report.intact]).toEqual([name, findings, false]);
    expect(report.findings.filter((f) => f.severity !== 'error').map((f) => f.code)).toEqual(name.startsWith('2') ? ['D9'] : []);
  }
});

test('a listing and range reads are all it takes: data files are not read beyond their heads', async () => {
  const view = new FolderView(join(folders['gen-v4-series']!, '5-branch-tag-compact'));
  const reads: number[] = [];
  const read = view.read.bind(view);
  view.read = async (path, range) => {
    if (!path.startsWith('_deeplake_')) reads.push((range?.end ?? Number.POSITIVE_INFINITY) - (range?.start ?? 0));
    return read(path, range);
  };
  await inspectV4(view);
  expect(Math.max(...reads)).toBeLessThanOrEqual(64 * 1024);
});

/** The reference reader of the design, when it is at hand; its results on these sets are also frozen above. */
const oracle = process.env['DR_DEEPLAKE4_ORACLE'] ?? '';
(oracle !== '' && existsSync(oracle) ? test : test.skip)('the reference reader agrees on branches, tags and findings', async () => {
  const sets = [
    'gen-v4-full/ds',
    ...['0-base-600', '5-branch-tag-compact'].map((s) => `gen-v4-series/${s}`),
    'gen-v4-torn/2-half-log-file',
  ];
  for (const set of sets) {
    const [archive, name] = set.split('/') as [string, string];
    const report = await inspect(archive, name, false);
    const text = await python(oracle, join(folders[archive]!, name));
    for (const branch of report.branches) expect(text).toMatch(new RegExp(`branch ${branch.name} +rows ${branch.rows} `));
    for (const tag of report.tags) expect(text).toContain(`tag ${tag.name} ${tag.version} rows ${tag.rows}`);
    const codes = [...text.matchAll(/^ {3}([A-Z]\d+) (?:error|warn|info) /gm)].map((m) => m[1]);
    expect([...new Set(report.findings.map((f) => f.code))].sort()).toEqual([...new Set(codes)].sort());
  }
});

function python(script: string, folder: string): Promise<string> {
  return new Promise((resolve, reject) =>
    execFile('python3', [script, folder], (error, stdout) => (error ? reject(error) : resolve(stdout))),
  );
}
