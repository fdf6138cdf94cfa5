import fc from 'fast-check';
import { EarlierListing, type Known, RoundListing } from './round-listing.ts';

const known = fc.record({ identity: fc.string({ maxLength: 60 }), racy: fc.boolean(), late: fc.boolean() });
const path = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
const bytes = (text: string) => Buffer.from(text);
const inOrder = (paths: Iterable<string>): string[] => [...paths].sort((a, b) => Buffer.compare(bytes(a), bytes(b)));

function listingOf(entries: Iterable<readonly [string, Known]>): RoundListing {
  const listing = new RoundListing();
  for (const [path, known] of entries) listing.add(path, known);
  return listing;
}

/** As a capture uses it: what stood under each path of the next listing, and what vanished. */
function compare(before: RoundListing, next: readonly string[]) {
  const vanished: string[] = [];
  const earlier = new EarlierListing(before, (path) => vanished.push(path));
  const found = new Map(next.map((path) => [path, earlier.take(path)]));
  earlier.end();
  return { found, vanished };
}

test('of two listings in byte order it tells what stood under a path and what vanished', () => {
  fc.assert(
    fc.property(fc.dictionary(path, known), fc.uniqueArray(path), (had, more) => {
      const paths = inOrder(Object.keys(had));
      const next = inOrder(new Set([...paths.filter((_, i) => i % 3 !== 0), ...more]));
      const listing = listingOf(paths.map((path) => [path, had[path]!]));
      expect(listing.size).toBe(paths.length);
      expect([...listing.entries()]).toEqual(paths.map((path) => ({ path, ...had[path] })));
      const { found, vanished } = compare(listing, next);
      for (const [path, stood] of found) expect(stood).toEqual(Object.hasOwn(had, path) ? had[path] : undefined);
      expect(vanished).toEqual(paths.filter((path) => !found.has(path)));
    }),
  );
});

test('paths out of order are found and told of too', () => {
  const one: Known = { identity: 'i', racy: false, late: true };
  const paths = ['b', 'a\\xff', 'c', 'a', 'd'];
  const listing = listingOf(paths.map((path) => [path, one]));
  expect([...listing.outOfOrder.keys()]).toEqual(['a\\xff', 'a']);
  const { found, vanished } = compare(listing, ['b', 'a\\xff', 'd']);
  expect([...found.values()]).toEqual([one, one, one]);
  expect(vanished.sort()).toEqual(['a', 'c']);
  const long = 'x'.repeat(10_000);
  expect(compare(listingOf([[long, one]]), [long]).found.get(long)).toEqual(one);
});

test('a hundred thousand paths of sixty bytes take a tenth of what objects take', () => {
  const paths = Array.from({ length: 100_000 }, (_, i) => `versions/abcdef/tensor/chunks/${String(i).padStart(30, '0')}`);
  const listing = listingOf(
    paths.map((path, i) => [path, { identity: `file 36 dky3m1p2zk8a dky3m1p2zk8a ${i}`, racy: false, late: false }]),
  );
  expect(listing.blocks.reduce((sum, block) => sum + block!.length, 0)).toBeLessThan(70 * 100_000);
  expect(compare(listing, paths).vanished).toEqual([]);
  expect(listing.blocks.filter(Boolean)).toHaveLength(1);
});
