import fc from 'fast-check';
import { Malformed } from '../errors.ts';
import { words } from '../testing/chunk-bytes.ts';
import { parseChunkIndex, samplesInIndex, versionAtLeast } from './chunk-index.ts';
import { Ancestry, ChunkOwners, parseChunkSet } from './chunk-owners.ts';
import { parseDatasetMeta, parseTensorMeta } from './metas.ts';
import { chunkOf, commitOf, FIRST_COMMIT } from './paths.ts';
import { parseCredsIndex, parseSequenceIndex } from './small-indexes.ts';
import { headsOf, parseVersionTree, rebuildVersionTree, type VersionTree } from './version-tree.ts';

const ascii = (text: string) => [...Buffer.from(text)];
const named = (version: string, rest: readonly number[]) => Uint8Array.from([version.length, ...ascii(version), ...rest]);
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** Hostile bytes may be refused as malformed or parsed, nothing else. */
function refusedOrParsed(parse: (bytes: Uint8Array) => unknown): void {
  const any = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc.jsonValue().map(json),
    fc.uint8Array({ maxLength: 60 }).map((b) => named('3.9.52', [...b])),
  );
  fc.assert(
    fc.property(any, (bytes) => {
      try {
        parse(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(Malformed);
      }
    }),
    { numRuns: 300 },
  );
}

test.each([
  ['parseChunkIndex', parseChunkIndex],
  ['parseSequenceIndex', parseSequenceIndex],
  ['parseCredsIndex', parseCredsIndex],
  ['parseVersionTree', parseVersionTree],
  ['parseDatasetMeta', parseDatasetMeta],
  ['parseTensorMeta', parseTensorMeta],
])('%s never crashes', (_name, parse) => refusedOrParsed(parse));

describe('chunk index', () => {
  const wide = [...words([0xff, 0x80000000, 4, 0, 0x12, 0, 9, 0])];

  test('of eight bytes keeps ids beyond 2^53, in hex without zeros in front', () => {
    expect(parseChunkIndex(named('3.9.52', [8, ...wide]))).toEqual([
      { name: '80000000000000ff', last: 4 },
      { name: '12', last: 9 },
    ]);
  });

  test('of four bytes, with the width byte or (before 2.7.6) without', () => {
    const rows = words([0x97a4ba, 2]);
    expect(parseChunkIndex(named('2.0.6', rows))).toEqual([{ name: '97a4ba', last: 2 }]);
    expect(parseChunkIndex(named('2.7.6', [4, ...rows]))).toEqual([{ name: '97a4ba', last: 2 }]);
  });

  test('without rows has no samples', () => {
    for (const bytes of [new Uint8Array(0), named('3.9.52', [8]), named('2.0.6', [])])
      expect(samplesInIndex(parseChunkIndex(bytes))).toBe(0);
  });

  test.each([
    ['another width', named('3.9.52', [2, ...wide]), /width 2/],
    ['half a row', named('3.9.52', [8, ...wide.slice(1)]), /no whole rows/],
    ['a last sample that falls', named('2.0.6', words([1, 5, 2, 4])), /falls from 5 to 4/],
  ])('with %s is refused', (_what, bytes, message) => {
    expect(() => parseChunkIndex(bytes)).toThrow(message);
  });

  test('versions compare as numbers', () => {
    expect([versionAtLeast('2.10.0', [2, 7, 6]), versionAtLeast('2.7.6', [2, 7, 6]), versionAtLeast('2.7', [2, 7, 6])]).toEqual([
      true,
      true,
      false,
    ]);
  });
});

test('sequence index: items and sequences add up; gaps are refused', () => {
  expect(parseSequenceIndex(named('3.9.52', words([2, 0, 9, 3, 20, 11])))).toEqual({ items: 26, sequences: 12 });
  expect(parseSequenceIndex(new Uint8Array(0))).toEqual({ items: 0, sequences: 0 });
  expect(() => parseSequenceIndex(named('3.9.52', words([2, 0, 9, 3, 21, 11])))).toThrow(/expected 20/);
});

test('creds index covers its last index', () => {
  expect(parseCredsIndex(named('3.9.52', words([0, 4, 1, 9])))).toBe(10);
  expect(() => parseCredsIndex(named('3.9.52', words([0, 4, 1, 2])))).toThrow(/falls/);
});

describe('dataset meta', () => {
  test('lists tensors once; before 3.x a name is its key', () => {
    const meta = parseDatasetMeta(json({ tensors: ['a', 'b', 'a'] }));
    expect([meta.tensors, [...meta.names]]).toEqual([
      ['a', 'b'],
      [
        ['a', 'a'],
        ['b', 'b'],
      ],
    ]);
  });

  test('a tensor named like a property of objects is just a tensor', () => {
    const text = '{"tensors":["__proto__"],"tensor_names":{"__proto__":"__proto__","constructor":"c"}}';
    expect([...parseDatasetMeta(new TextEncoder().encode(text)).names.keys()]).toEqual(['__proto__', 'constructor']);
  });
});

const node = (parent: string | null, children: string[], time: number | null = 1, branch = 'main') => ({
  branch,
  parent,
  children,
  commit_message: null,
  commit_time: time,
});
const tree = (commits: object, branches: object = {}) => parseVersionTree(json({ commits, branches }));

describe('version tree', () => {
  test('heads have no commit time', () => {
    const t = tree({ [FIRST_COMMIT]: node(null, ['a']), a: node(FIRST_COMMIT, [], null) }, { main: 'a' });
    expect([...headsOf(t)]).toEqual(['a']);
  });

  test('is rebuilt from commit infos, without looping on a cycle', async () => {
    const infos: VersionTree = tree({ [FIRST_COMMIT]: node(null, ['a', 'lost']), a: node(FIRST_COMMIT, [FIRST_COMMIT], null) });
    const rebuilt = await rebuildVersionTree(async (id) => infos.commits.get(id));
    expect([[...rebuilt!.commits.keys()], [...rebuilt!.branches]]).toEqual([[FIRST_COMMIT, 'a'], [['main', 'a']]]);
    expect(await rebuildVersionTree(async () => undefined)).toBeUndefined();
  });
});

describe('chunk owners', () => {
  const t = tree({ [FIRST_COMMIT]: node(null, ['a', 'x']), a: node(FIRST_COMMIT, ['b']), b: node('a', []), x: node(FIRST_COMMIT, []) });
  const owners = new ChunkOwners(new Ancestry(t));
  owners.add('a', 't', parseChunkSet('1,2'));
  owners.add('b', 't', parseChunkSet('2,3:x,4:x:other/key'));

  test.each([
    ['b', '1', 'versions/a/t/chunks/1'],
    ['b', '2', 'versions/b/t/chunks/2'],
    ['a', '2', 'versions/a/t/chunks/2'],
    ['x', '2', 't/chunks/2'],
    [FIRST_COMMIT, '1', 't/chunks/1'],
    ['b', '3', 'versions/x/t/chunks/3'],
    ['b', '4', 'versions/x/other/key/chunks/4'],
    ['b', '9', 't/chunks/9'],
  ])('commit %s finds chunk %s at %s', (commit, name, path) => {
    expect(owners.pathOf(commit, 't', name)).toBe(path);
  });

  test('an empty chunk set has no entries', () => {
    expect(parseChunkSet('')).toEqual([]);
  });

  test('ancestry agrees with walking the parents, in any tree', () => {
    const parents = fc.array(fc.nat(), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(parents, (picks) => {
        const parentOf = picks.map((pick, i) => (i === 0 ? undefined : pick % i));
        const commits = Object.fromEntries(picks.map((_, i) => [`${i}`, node(parentOf[i] === undefined ? null : `${parentOf[i]}`, [])]));
        const ancestry = new Ancestry(tree(commits));
        for (let a = 0; a < picks.length; a++) {
          for (let c = 0; c < picks.length; c++) {
            const chain = new Set<number>();
            for (let at: number | undefined = c; at !== undefined; at = parentOf[at]) chain.add(at);
            expect(ancestry.isAncestorOrSelf(`${a}`, `${c}`)).toBe(chain.has(a));
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  test('parents in a circle are nobody’s ancestors', () => {
    const ancestry = new Ancestry(tree({ p: node('q', []), q: node('p', []) }));
    expect([ancestry.isAncestorOrSelf('p', 'q'), ancestry.isAncestorOrSelf('p', 'p')]).toEqual([false, true]);
  });
});

test('paths say commit, tensor and chunk, in groups too', () => {
  expect(chunkOf('versions/ab/grp/boxes/chunks/1f')).toEqual({ tensor: 'grp/boxes', name: '1f' });
  expect(chunkOf('chunks/1f')).toBeUndefined();
  expect(chunkOf('t/chunks/1F')).toBeUndefined();
  expect([commitOf('versions/ab/t/x'), commitOf('t/x')]).toEqual(['ab', FIRST_COMMIT]);
});
