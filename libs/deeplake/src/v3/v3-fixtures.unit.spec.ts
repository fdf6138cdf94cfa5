import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatasetReport } from '../report.ts';
import { COMPLETE_V3, FIXTURES, removeTestFolders, unpackFixture } from '../testing/fixtures.ts';
import { FolderView } from '../testing/folder-view.ts';
import { inspectV3 } from './inspect-v3.ts';

/** What Deep Lake 3.9.52 saw: made by test/conformance/deeplake-v3/freeze_v3.py. */
interface Expected {
  client: string;
  sets: Record<string, { branches: Record<string, string>; commits: Record<string, ExpectedCommit> }>;
}

interface ExpectedCommit {
  branch: string;
  message: string | null;
  rows: number;
  tensors: Record<string, number>;
  visible: string[];
}

const unpacked = new Map<string, Promise<string>>();
const folderOf = (archive: string): Promise<string> => {
  const known = unpacked.get(archive) ?? unpackFixture(archive);
  unpacked.set(archive, known);
  return known;
};
afterAll(removeTestFolders);

async function inspect(archive: string, set: string, deep = true): Promise<DatasetReport> {
  return inspectV3(new FolderView(join(await folderOf(archive), set)), { deep });
}

describe.each(COMPLETE_V3)('%s %s', (archive, set) => {
  test('has no finding, read to the last byte', async () => {
    const report = await inspect(archive, set);
    expect([report.findings, report.intact]).toEqual([[], true]);
  });

  test('every commit of every branch has the rows that the real client sees, tensor by tensor', async () => {
    const { client, sets } = JSON.parse(await readFile(join(FIXTURES, 'expected-v3.json'), 'utf8')) as Expected;
    expect(client).toBe('3.9.52');
    const wanted = sets[set === '' ? archive : `${archive}/${set}`]!;
    const report = await inspect(archive, set, false);
    expect(Object.fromEntries(report.branches.map((b) => [b.name, b.headVersion]))).toEqual(wanted.branches);
    expect(Object.fromEntries(report.versions.map((v) => [v.version, seen(v)]))).toEqual(wanted.commits);
  });
});

function seen({ branch, message, rows, tensorRows, columns }: DatasetReport['versions'][number]): ExpectedCommit {
  return { branch, message: message ?? null, rows, tensors: { ...tensorRows }, visible: [...columns].sort() };
}

test.each([
  ['1-length-ahead-of-index', ['M3', 'M4']],
  ['2-index-names-unwritten-chunk', ['C1', 'M3']],
  ['3-chunk-half-written', ['C3', 'C4']],
])('gen-v3-torn/%s has exactly the errors %j', async (set, codes) => {
  const report = await inspect('gen-v3-torn', set);
  expect([...new Set(report.findings.map((f) => `${f.severity} ${f.code}`))].sort()).toEqual(codes.map((code) => `error ${code}`));
  expect(report.intact).toBe(false);
});

test('the report of the full set names head, schema and files', async () => {
  const report = await inspect('gen-v3-full', '', false);
  expect(report).toMatchObject({
    format: 'v3',
    rows: 39,
    headVersion: '731f7e2c8596353a1a14ec0d025abd177656d944',
    files: { count: 1572, orphans: 0 },
  });
  expect(report.schema).toContainEqual({ name: 'links', type: 'link[image]', dtype: 'uint8' });
  expect(report.schema).toContainEqual({ name: 'seq', type: 'sequence[generic]', dtype: 'int32' });
});

test('without deep, chunks are read no further than their heads', async () => {
  const view = new FolderView(join(await folderOf('gen-v3-full'), ''));
  const chunks: number[] = [];
  const read = view.read.bind(view);
  view.read = async (path, range) => {
    if (path.includes('/chunks/')) chunks.push((range?.end ?? Number.POSITIVE_INFINITY) - (range?.start ?? 0));
    return read(path, range);
  };
  const { files } = await inspectV3(view);
  expect(Math.max(...chunks)).toBeLessThanOrEqual(64 * 1024);
  expect(chunks.length).toBeLessThan(files.count);
});
