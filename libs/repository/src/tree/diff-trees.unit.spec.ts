import { sha256 } from '../format/hashes.ts';
import { type EntryBody, encodeEntry } from '../format/tree-entry.ts';
import type { LeafEntry } from '../format/tree-page.ts';
import type { TreeDifference } from '../types.ts';
import { TreeBuilder } from './build-tree.ts';
import { diffTrees } from './diff-trees.ts';

const meta = { racy: false, mode: 0o644, uid: 0, gid: 0, mtimeNs: 1n, ctimeNs: 1n, ino: 1n };
const body = (text: string, more: Partial<EntryBody> = {}): EntryBody =>
  ({ ...meta, kind: 'file', size: text.length, inline: Buffer.from(text), ...more }) as EntryBody;

const encoded = (entry: EntryBody): Buffer => Buffer.from(encodeEntry(entry).view());

const pages = new Map<string, Buffer>();
let reads = 0;
const read = async (id: Uint8Array): Promise<Uint8Array> => {
  reads++;
  return pages.get(Buffer.from(id).toString('hex'))!;
};

async function tree(files: ReadonlyMap<string, EntryBody>): Promise<Uint8Array> {
  const builder = new TreeBuilder(Buffer.alloc(32, 5), async (page) => {
    const id = sha256(page);
    pages.set(id.toString('hex'), page);
    return id;
  });
  const entries = [...files].map(([path, entry]): LeafEntry => ({ path: Buffer.from(path), body: encoded(entry) }));
  for (const entry of entries.sort((a, b) => Buffer.compare(a.path, b.path))) await builder.add(entry);
  return builder.finish();
}

async function diff(before: ReadonlyMap<string, EntryBody>, after: ReadonlyMap<string, EntryBody>): Promise<string[]> {
  const [a, b] = [await tree(before), await tree(after)];
  reads = 0;
  const found: TreeDifference[] = [];
  for await (const some of diffTrees(read, a, b)) found.push(...some);
  return found.map((d) => `${d.before ? (d.after ? '~' : '-') : '+'}${d.path}`);
}

const many = (count: number): Map<string, EntryBody> =>
  new Map(Array.from({ length: count }, (_, i) => [`tensor/chunks/${String(i).padStart(8, '0')}`, body(String(i))]));

test('added, changed and removed entries in path order; equal trees without a read', async () => {
  const before = new Map([
    ['a', body('1')],
    ['b', body('2')],
    ['c/d', body('3')],
  ]);
  const after = new Map([
    ['a', body('1')],
    ['b', body('x')],
    ['c/e', body('3')],
  ]);
  expect(await diff(before, after)).toEqual(['~b', '-c/d', '+c/e']);
  expect([await diff(before, before), reads]).toEqual([[], 0]);
  expect(await diff(new Map(), before)).toEqual(['+a', '+b', '+c/d']);
});

test('times and inodes are no difference; of a file that is only pinned they are all that is known', async () => {
  const touched = new Map([['a', body('1', { mtimeNs: 9n, ino: 7n, mode: 0o600 })]]);
  expect(await diff(new Map([['a', body('1')]]), touched)).toEqual([]);
  const pinned = (mtimeNs: bigint) => new Map([['a', { ...meta, kind: 'file', size: 1, mtimeNs, pinned: true } as unknown as EntryBody]]);
  expect(await diff(new Map([['a', body('1')]]), pinned(1n))).toEqual([]);
  expect(await diff(pinned(1n), pinned(2n))).toEqual(['~a']);
});

test('of a large tree only pages that differ are read, wherever the differences are', async () => {
  const before = many(100_000);
  const after = new Map(before);
  after.set('tensor/chunks/00050000', body('changed'));
  after.delete('tensor/chunks/00000007');
  after.set('tensor/chunks/99999999', body('new'));
  after.set('a', body('first of all'));
  expect(await diff(before, after)).toEqual(['+a', '-tensor/chunks/00000007', '~tensor/chunks/00050000', '+tensor/chunks/99999999']);
  expect(reads).toBeLessThan(30);
  expect(pages.size).toBeGreaterThan(390);
});

test.each([1, 2, 3, 4, 5])('trees of any heights, seed %i', async (seed) => {
  let state = seed;
  const random = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
  const before = many(Math.floor(random() * 3_000));
  const after = new Map([...before].filter(() => random() > 0.05));
  for (let i = 0; i < 3_000 * random(); i++)
    after.set(`tensor/chunks/${String(Math.floor(random() * 9_000)).padStart(8, '0')}`, body(`n${i}`));
  const wanted = [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((path) => {
    const [a, b] = [before.get(path), after.get(path)];
    if (!a || !b) return `${a ? '-' : '+'}${path}`;
    return Buffer.compare(encoded(a), encoded(b)) === 0 ? [] : `~${path}`;
  });
  expect(await diff(before, after)).toEqual(wanted);
});
