import fc from 'fast-check';
import { sha256 } from '../format/hashes.ts';
import { type EntryBody, encodeEntry } from '../format/tree-entry.ts';
import { comparePaths } from '../format/tree-path.ts';
import { TreeAssembly } from './assemble-tree.ts';
import { TreeBuilder } from './build-tree.ts';
import { EntryLog } from './entry-log.ts';
import { KeptEntries } from './kept-entries.ts';
import { LeafFinder } from './leaf-finder.ts';

/** Pages by id; `stored` counts what a builder makes, `read` what is read back. */
const pages = new Map<string, Buffer>();
const counted = { stored: 0, read: 0 };
beforeEach(() => pages.clear());

const newBuilder = () =>
  new TreeBuilder(Buffer.alloc(32, 7), async (page) => {
    counted.stored++;
    pages.set(sha256(page).toString('hex'), page);
    return sha256(page);
  });
const read = async (id: Uint8Array) => {
  counted.read++;
  return pages.get(Buffer.from(id).toString('hex'))!;
};

const bodyOf = (content: string): Uint8Array => {
  const meta = { racy: false, mode: 0o644, uid: 0, gid: 0, mtimeNs: 1n, ctimeNs: 1n, ino: 1n };
  const body: EntryBody = { kind: 'file', size: content.length, inline: Buffer.from(content), ...meta };
  return new Uint8Array(encodeEntry(body).view());
};

async function treeOf(files: ReadonlyMap<string, string>): Promise<Uint8Array> {
  const builder = newBuilder();
  for (const [path, content] of [...files].sort(([a], [b]) => comparePaths(a, b)))
    await builder.add({ path: Buffer.from(path), body: bodyOf(content) });
  return builder.finish();
}

const name = (i: number): string => `tensor/chunks/${String(i).padStart(8, '0')}`;
const base = new Map(Array.from({ length: 5000 }, (_, i) => [name(2 * i), `content ${i}`]));

interface Change {
  readonly at: number;
  readonly what: 'write' | 'add' | 'remove' | 'leave';
}

/** Captures what `changes` made of the base: the listing in order, then what changed while it was copied. */
async function capture(changes: readonly Change[], late: readonly Change[], { counts = true } = {}) {
  const finder = await LeafFinder.open(read, await treeOf(base));
  const [kept, log, now] = [new KeptEntries(finder), new EntryLog(), new Map(base)];
  const files = [...base.keys()];
  const change = ({ at, what }: Change, text: string): string => {
    const path = what === 'add' ? name(2 * at + 1) : files[at]!;
    if (what === 'remove') now.delete(path);
    else if (what !== 'leave') now.set(path, text);
    return path;
  };
  for (const one of changes) change(one, 'changed');
  let turn = 0;
  const take = async (path: string): Promise<void> => {
    const [content, found] = [now.get(path), await finder.find(Buffer.from(path))];
    if (content !== undefined && found && Buffer.compare(found.body, bodyOf(content)) === 0) kept.keep(found, turn++, content.length);
    else log.put(path, turn++, content === undefined ? undefined : bodyOf(content), content?.length);
  };
  for (const path of [...now.keys()].sort(comparePaths)) await take(path);
  for (const one of late) await take(change(one, 'later'));
  Object.assign(counted, { stored: 0, read: 0 });
  const assembly = new TreeAssembly(newBuilder(), log, () => counts);
  const root = Buffer.from(await assembly.run(kept)).toString('hex');
  const { ...cost } = counted;
  const sizes = [...now.values()].map(({ length }) => length);
  const wanted = { root: Buffer.from(await treeOf(now)).toString('hex'), objects: now.size, bytes: sizes.reduce((a, b) => a + b, 0) };
  return { got: { root, ...assembly.totals }, wanted, cost };
}

const anyChange = fc.record({ at: fc.nat(4999), what: fc.constantFrom<Change['what']>('write', 'add', 'remove', 'leave') });

test('gives the tree that all entries give when they are written anew, whatever changed before and meanwhile', async () => {
  const several = fc.array(anyChange, { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(several, several, fc.boolean(), async (changes, late, counts) => {
      const { got, wanted } = await capture(changes, late, { counts });
      expect(got).toMatchObject(wanted);
    }),
    { numRuns: 40 },
  );
}, 60_000);

test('of what did not change no page is read, and only the upper ones are written', async () => {
  const { got, wanted, cost } = await capture([], []);
  expect(got).toMatchObject(wanted);
  expect(cost.stored).toBeLessThanOrEqual(2);
  expect(cost.read).toBeLessThanOrEqual(1);
});

test('one more path costs the pages around it', async () => {
  for (const at of [0, 2500, 4999]) {
    const { got, wanted, cost } = await capture([{ at, what: 'add' }], []);
    expect(got).toMatchObject(wanted);
    expect(cost.stored).toBeLessThanOrEqual(4);
    expect(cost.read).toBeLessThanOrEqual(2);
  }
});

test('pages that do not count any more are written again', async () => {
  const { got, wanted, cost } = await capture([], [], { counts: false });
  expect(got).toMatchObject(wanted);
  expect(cost.stored).toBeGreaterThan(10);
});
