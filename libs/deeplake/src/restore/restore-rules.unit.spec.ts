import { join } from 'node:path';
import { inspectDataset } from '../inspect-dataset.ts';
import { removeTestFolders, unpackFixture } from '../testing/fixtures.ts';
import { FolderView } from '../testing/folder-view.ts';
import { MemoryView } from '../testing/memory-view.ts';
import { compareRule, isWanted, makesRootVisible, restoreOrder, syntheticFiles } from './restore-rules.ts';

afterAll(removeTestFolders);

const load = async (archive: string, set = '') => MemoryView.of(new FolderView(join(await unpackFixture(archive), set)));

describe('order', () => {
  const V4 = [
    'dataset_metadata.json',
    '_deeplake_log/_meta/0000000001c00000000.jsonl',
    '_deeplake_log/_meta/0000000002m00000000.jsonl',
    '_deeplake_log/0a/0000000002m00000000.jsonl',
    '_deeplake_log/0a/0000000001m00000000.jsonl',
    '_deeplake_log/0a/next_base',
    'zz/aa/x',
  ];

  test('v4: data, branch logs lowest first, meta log, counters, the first meta commit, the application’s file', () => {
    expect([...V4].sort(restoreOrder('v4'))).toEqual([V4[6], V4[4], V4[3], V4[2], V4[5], V4[1], V4[0]]);
  });

  test('v3: chunks, small files, tensor metas, data set metas, commit infos, the tree, the application’s file', () => {
    const wanted = [
      't/chunks/1f',
      't/chunks_index/unsharded',
      'versions/a/t/chunk_set',
      't/tensor_meta.json',
      'versions/a/t/tensor_meta.json',
      'dataset_meta.json',
      'commit_info.json',
      'version_control_info.json',
      'dataset_metadata.json',
    ];
    expect([...wanted].reverse().sort(restoreOrder('v3'))).toEqual(wanted);
  });

  test.each([
    ['gen-v4-full', 'ds', 'v4'],
    ['gen-v3-series', '5-branch-exp-plus-40', 'v3'],
  ] as const)('%s: nothing opens the set before the last stages', async (archive, set, format) => {
    const paths = [...(await load(archive, set)).files.keys()].sort(restoreOrder(format));
    const visible = paths.filter((p) => makesRootVisible(p, format));
    expect(visible.length).toBeGreaterThan(0);
    expect(paths.at(-1)).toBe(visible.at(-1));
  });
});

describe('counters', () => {
  test('are highest commit + 1 in every log folder, eight bytes, and then no check complains', async () => {
    const view = await load('gen-v4-full', 'ds');
    const before = new Map([...view.files].filter(([path]) => path.endsWith('next_base')));
    for (const path of before.keys()) view.files.delete(path);
    const made = syntheticFiles(view.files.keys(), 'v4');
    expect(made.map((f) => [f.path, [...f.content]])).toEqual([...before].sort().map(([path, bytes]) => [path, [...bytes]]));
    for (const { path, content } of made) view.write(path, content);
    expect((await inspectDataset(view)).findings).toEqual([]);
  });

  test('count past compactions and reverts, not claims or strangers', () => {
    const log = (name: string) => `_deeplake_log/0a/${name}`;
    const made = syntheticFiles(
      [log('0000000009o00000002.jsonl'), log('0000000010w00000003.jsonl.lz4'), log('next_base'), log('0000000099.jsonl')],
      'v4',
    );
    expect(made).toEqual([{ path: log('next_base'), content: Uint8Array.of(11, 0, 0, 0, 0, 0, 0, 0) }]);
  });

  test('other formats have none', () => {
    expect(syntheticFiles(['dataset_meta.json'], 'v3')).toEqual([]);
  });
});

test.each([
  ['a/b.lock', 'v3', false],
  ['a/b.lock', 'opaque', true],
  ['_deeplake_log/0a/next_base', 'v4', false],
  ['_deeplake_log/0a/next_base.tmp.1.2.3', 'v4', false],
  ['_deeplake_log/0a/0000000009o00000000.jsonl', 'v4', false],
  ['_deeplake_log/0a/0000000009o00000001.jsonl', 'v4', true],
  ['_deeplake_log/0a/strange.jsonl', 'v4', true],
  ['_deeplake_gc_trash/x', 'v4', false],
  ['_deeplake_wal/main/x.wal', 'v4', true],
  ['unknown', 'v4', true],
  ['next_base', 'v3', true],
] as const)('byte for byte: %s of %s takes part: %s', (path, format, part) => {
  expect(compareRule(path, format)).toBe(part);
});

test('restores may leave out v3 indexes and the application’s file, nothing else', () => {
  const none = { indexes: false, metadata: false };
  const all = { indexes: true, metadata: true };
  const paths = [
    'embedding/vdb_indexes/hnsw_1',
    'versions/a/grp/e/vdb_indexes/x',
    'dataset_metadata.json',
    'vdb_indexes.txt',
    'sub/dataset_metadata.json',
  ];
  expect(paths.map((p) => isWanted(p, 'v3', none))).toEqual([false, false, false, true, true]);
  expect(paths.map((p) => isWanted(p, 'v3', all))).toEqual([true, true, true, true, true]);
  expect(isWanted('a/i/wr/8zf9dk6xft3rq1tzbeby72s', 'v4', none)).toBe(true);
});
