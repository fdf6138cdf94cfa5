import fc from 'fast-check';
import { Damaged } from '../errors.ts';
import { sha256 } from '../format/hashes.ts';
import { comparePaths } from '../format/tree-path.ts';
import { TreeBuilder } from './build-tree.ts';
import { LeafFinder } from './leaf-finder.ts';

const pages = new Map<string, Buffer>();
const reads: string[] = [];

async function treeOf(paths: readonly string[]): Promise<Uint8Array> {
  const builder = new TreeBuilder(Buffer.alloc(32, 7), async (page) => {
    const id = sha256(page);
    pages.set(id.toString('hex'), page);
    return id;
  });
  for (const path of [...paths].sort(comparePaths)) await builder.add({ path: Buffer.from(path), body: Buffer.from(`body of ${path}`) });
  return builder.finish();
}

async function read(id: Uint8Array): Promise<Uint8Array> {
  const name = Buffer.from(id).toString('hex');
  reads.push(name);
  const page = pages.get(name);
  if (!page) throw new Damaged(name, 'it is gone');
  return page;
}

const bodyAt = async (finder: LeafFinder, path: string): Promise<string | undefined> => {
  const found = await finder.find(Buffer.from(path));
  return found && Buffer.from(found.body).toString();
};

beforeEach(() => {
  pages.clear();
  reads.length = 0;
});

const paths = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }), { maxLength: 300 });

test('finds every path of a tree and no other, in any order', async () => {
  await fc.assert(
    fc.asyncProperty(paths, paths, async (inside, outside) => {
      const finder = await LeafFinder.open(read, await treeOf(inside));
      const known = new Set(inside);
      for (const path of [...outside, ...inside]) expect(await bodyAt(finder, path)).toBe(known.has(path) ? `body of ${path}` : undefined);
    }),
    { numRuns: 60 },
  );
});

const many = Array.from({ length: 60_000 }, (_, i) => `tensor/chunks/${String(i * 2).padStart(8, '0')}`);

test('reads each page of a large tree once in path order, and not one twice in any order that stays near', async () => {
  const finder = await LeafFinder.open(read, await treeOf(many));
  for (const path of many) expect(await bodyAt(finder, path)).toBeDefined();
  expect(await bodyAt(finder, 'tensor/chunks/00000001')).toBeUndefined();
  expect(await bodyAt(finder, 'zzz')).toBeUndefined();
  expect(reads.length).toBeLessThanOrEqual(pages.size + 4);
});

test('a page that is gone holds nothing, and hides no other', async () => {
  const root = await treeOf(many);
  const leaf = [...pages].find(([, page]) => page[1] === 0)!;
  pages.delete(leaf[0]);
  const finder = await LeafFinder.open(read, root);
  let found = 0;
  for (const path of many) if (await bodyAt(finder, path)) found++;
  expect(found).toBeGreaterThan(58_000);
  expect(found).toBeLessThan(60_000);
});

test('a tree that is gone as a whole holds nothing', async () => {
  expect(await bodyAt(await LeafFinder.open(read, Buffer.alloc(32)), 'a')).toBeUndefined();
});
