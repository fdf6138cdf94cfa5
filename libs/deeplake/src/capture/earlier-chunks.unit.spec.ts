import { join } from 'node:path';
import { openSourceFolder } from '@dr/storage';
import { removeTestFolders, unpackFixture } from '../testing/fixtures.ts';
import { FIRST_COMMIT } from '../v3/paths.ts';
import { type CommitNode, parseVersionTree, type VersionTree } from '../v3/version-tree.ts';
import { EarlierChunks } from './earlier-chunks.ts';
import { planCapture } from './plan-capture.ts';

afterAll(removeTestFolders);

/** A line of commits, first to last. */
function lineOf(...ids: string[]): VersionTree {
  const node = (id: string, i: number): CommitNode => ({
    id,
    branch: 'main',
    parent: ids[i - 1],
    children: ids.slice(i + 1, i + 2),
    message: undefined,
    committedAtMs: 1,
  });
  return { commits: new Map(ids.map((id, i) => [id, node(id, i)])), branches: new Map([['main', ids.at(-1)!]]) };
}

function chunksOf(tree: VersionTree, sets: Record<string, string>) {
  const reads: string[] = [];
  const read = async (path: string): Promise<Uint8Array> => {
    reads.push(path);
    if (sets[path] === undefined) throw new Error(`${path} is not there`);
    return Buffer.from(sets[path]);
  };
  return { earlier: new EarlierChunks({ read }, async () => tree), reads };
}

describe('a chunk of a later commit', () => {
  const tree = lineOf(FIRST_COMMIT, 'b', 'c', 'd');

  test('lay before under the nearest commits that list it, else at the root, else under its own path in the last backup', async () => {
    const { earlier } = chunksOf(tree, { 'versions/b/emb/chunk_set': 'a1,a2', 'versions/c/emb/chunk_set': 'a1' });
    expect(await earlier.of('versions/d/emb/chunks/a1')).toEqual([
      'versions/c/emb/chunks/a1',
      'versions/b/emb/chunks/a1',
      'emb/chunks/a1',
      'versions/d/emb/chunks/a1',
    ]);
    expect(await earlier.of('versions/d/emb/chunks/a2')).toEqual(['versions/b/emb/chunks/a2', 'emb/chunks/a2', 'versions/d/emb/chunks/a2']);
    expect(await earlier.of('versions/d/grp/emb/chunks/a1')).toEqual(['grp/emb/chunks/a1', 'versions/d/grp/emb/chunks/a1']);
  });

  test('is followed to where a merge left it', async () => {
    const { earlier } = chunksOf(tree, { 'versions/c/emb/chunk_set': 'a1:x,a2:y:other' });
    expect((await earlier.of('versions/d/emb/chunks/a1'))[0]).toBe('versions/x/emb/chunks/a1');
    expect((await earlier.of('versions/d/emb/chunks/a2'))[0]).toBe('versions/y/other/chunks/a2');
  });

  test('of the first commit, or of a commit that the tree does not know, has its own path; what is no chunk has nothing', async () => {
    const { earlier, reads } = chunksOf(tree, {});
    expect(await earlier.of('emb/chunks/a1')).toEqual(['emb/chunks/a1']);
    expect(await earlier.of('versions/x/emb/chunks/a1')).toEqual(['emb/chunks/a1', 'versions/x/emb/chunks/a1']);
    expect(await earlier.of('versions/d/emb/tensor_meta.json')).toEqual([]);
    expect(reads).toEqual([]);
  });

  test('costs one reading of each chunk set, however many chunks ask, and a bounded number of commits', async () => {
    const ids = [FIRST_COMMIT, ...Array.from({ length: 3000 }, (_, i) => `c${i}`)];
    const { earlier, reads } = chunksOf(lineOf(...ids), {});
    for (const name of ['a1', 'a2', 'a3']) expect((await earlier.of(`versions/c2999/emb/chunks/${name}`)).length).toBe(2);
    expect(reads.length).toBe(2000);
    expect(reads[0]).toBe('versions/c2998/emb/chunk_set');
  });
});

test('the real client copies a chunk under its name when a row is updated, and the plan says of which one', async () => {
  const root = join(await unpackFixture('gen-v3-series'), '4-one-update-one-pop');
  const folder = await openSourceFolder(root);
  const { files } = await planCapture(folder, { now: () => Date.UTC(2030, 0, 1), sleep: async () => {} });
  const forms = new Map<string, readonly string[]>();
  for await (const page of files) for (const file of page) if (file.earlierForms) forms.set(file.path, await file.earlierForms());
  expect(parseVersionTree(await folder.read('version_control_info.json')).commits.size).toBeGreaterThan(1);
  const copied = [...forms].filter(([path]) => path.startsWith('versions/')).map(([path, [nearest]]) => [path.split('/').at(-1), nearest]);
  expect(copied.length).toBeGreaterThan(0);
  for (const [name, nearest] of copied) expect(nearest!.endsWith(`/chunks/${name}`)).toBe(true);
  const there = await Promise.all(copied.map(([, nearest]) => folder.stat(nearest!)));
  expect(there.filter((file) => file).length).toBeGreaterThan(0);
});
