/**
 * What holds for any bytes: they come back as they were, and any byte that is changed, dropped or added is found. DR_PROPERTY_RUNS: how many times as many
 * examples as usual (1; `npm run test:long`: 100). The seed is printed and decides every example; DR_PROPERTY_SEED sets it.
 */
import { randomBytes, randomInt } from 'node:crypto';
import fc from 'fast-check';
import { sha256, sha256Hex } from './format/hashes.ts';
import { decodeFooter } from './format/pack-entries.ts';
import { decodeRecord, encodeRecordHeader, pieceCompressor } from './format/record.ts';
import { newSeal } from './format/seal.ts';
import { decodeSegment, encodeSegment } from './format/segment.ts';
import { decodeEntry, type EntryBody, encodeEntry } from './format/tree-entry.ts';
import { decodePage, PageWriter } from './format/tree-page.ts';
import { PieceIndex } from './index/piece-index.ts';
import { GOLDEN_OWNER, GOLDEN_SECRET } from './testing/golden-deltas.ts';
import { float32s, float64s, halfPrecision, int64s, words } from './testing/numbers.ts';
import { Threadless, type Version } from './testing/threadless.ts';
import type { Chunker } from './types.ts';

const times = Number(process.env['DR_PROPERTY_RUNS'] ?? 1);
const seed = Number(process.env['DR_PROPERTY_SEED'] ?? randomInt(2 ** 31));
const runs = (usual: number) => ({ numRuns: usual * times, seed });
const LONG_MS = 3_600_000;

beforeAll(() => {
  process.stderr.write(`DR_PROPERTY_SEED=${seed}\n`);
});

const noise = randomBytes(90_000);
const stock = [float32s(9000), halfPrecision(6000), float64s(4000), int64s(3000), words(30_000), Buffer.alloc(20_000), noise];

/** A part of something that data sets hold, or a few bytes of anything. */
const part = fc.oneof(
  fc
    .tuple(fc.constantFrom(...stock), fc.nat(), fc.nat())
    .map(([of, a, b]) => of.subarray(Math.min(a % of.length, b % of.length), Math.max(a % of.length, b % of.length) + 1)),
  fc.uint8Array({ maxLength: 700 }).map((bytes) => Buffer.from(bytes)),
);
const content = fc.array(part, { maxLength: 4 }).map((parts) => Buffer.concat(parts));

const pieceBytes = fc.integer({ min: 2000, max: 40_000 });
const chunker: fc.Arbitrary<Chunker> = fc.oneof(
  fc.record({ name: fc.constant('fixed' as const), version: fc.constant(1 as const), size: pieceBytes, from: fc.nat(50) }),
  fc.record({ name: fc.constant('v3-chunk' as const), version: fc.constant(1 as const), size: pieceBytes }),
  fc
    .uniqueArray(fc.nat(60_000), { maxLength: 8 })
    .map((cuts) => ({ name: 'cuts' as const, version: 1 as const, cuts: cuts.sort((a, b) => a - b) })),
);

/** What a writer does to a file: replaces, inserts or removes some bytes in it, appends, or writes another. */
const change = fc.record({
  how: fc.constantFrom('replace', 'insert', 'remove', 'append', 'other' as const),
  at: fc.nat(),
  bytes: part,
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function changed(old: Buffer, { how, at, bytes }: Change): Buffer {
  const from = at % (old.length + 1);
  if (how === 'other') return bytes;
  if (how === 'append') return Buffer.concat([old, bytes]);
  const rest = old.subarray(how === 'insert' ? from : Math.min(old.length, from + bytes.length));
  return Buffer.concat([old.subarray(0, from), ...(how === 'remove' ? [] : [bytes]), rest]);
}

/** A file and its later forms. */
const life = fc.tuple(content, chunker, fc.array(change, { maxLength: 4 })).map(([first, by, changes]) => {
  const forms: Buffer[] = [first];
  for (const next of changes) forms.push(changed(forms.at(-1)!, next));
  return forms.map((form): Version => ({ content: form, chunker: by }));
});

/** Every form stored by a session of its own, the later ones as deltas where that pays. */
async function lived(versions: readonly Version[], level = 1): Promise<{ engine: Threadless; entries: EntryBody[] }> {
  const engine = new Threadless();
  const entries: EntryBody[] = [];
  for (const version of versions) entries.push(await engine.capture(version, entries.at(-1), level));
  return { engine, entries };
}

const damage = fc.record({ how: fc.constantFrom('flip', 'drop', 'append' as const), at: fc.nat(), bit: fc.nat(7) });
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function damaged(good: Buffer, { how, at, bit }: Damage): Buffer {
  const place = at % good.length;
  if (how === 'append') return Buffer.concat([good, Buffer.of(bit)]);
  if (how === 'drop') return Buffer.concat([good.subarray(0, place), good.subarray(place + 1)]);
  const bad = Buffer.from(good);
  bad[place]! ^= 1 << bit;
  return bad;
}

/** What it gives, or nothing when it refuses as damage is refused: with our error, and nothing else. */
function unlessRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!/^repository\.(malformed|format_too_new)$/.test((error as { code?: string }).code ?? '')) throw error;
    return undefined;
  }
}

test(
  'pieces, transforms and deltas: every form of any file comes back, however it is cut and compressed, and its digest says so',
  async () => {
    await fc.assert(
      fc.asyncProperty(life, fc.integer({ min: 0, max: 3 }), async (versions, level) => {
        const { engine, entries } = await lived(versions, level);
        for (const [i, { content: wanted }] of versions.entries()) {
          expect(Buffer.compare(engine.read(entries[i]!), wanted)).toBe(0);
          const { digest, pieces = [], size } = entries[i]!;
          expect(size).toBe(wanted.length);
          if (!digest) continue;
          const inner = pieces.map(({ id }) => sha256(engine.piece(id)));
          expect(Buffer.compare(digest, inner.length === 1 ? inner[0]! : sha256(Buffer.concat(inner)))).toBe(0);
        }
      }),
      runs(40),
    );
  },
  LONG_MS,
);

test(
  'a base is always whole, and no delta takes half of what its piece takes without',
  async () => {
    let deltas = 0;
    await fc.assert(
      fc.asyncProperty(life, async (versions) => {
        const { engine, entries } = await lived(versions);
        for (const { id } of entries.flatMap(({ pieces = [] }) => pieces)) {
          for (const { base, length } of engine.index.locations(id)) {
            if (!base) continue;
            deltas++;
            expect([...engine.index.locations(base)].some((location) => !location.base)).toBe(true);
            expect(length - 40 - 16).toBeLessThan(pieceCompressor(1)(Buffer.from(engine.piece(id))).payload.length / 2);
          }
        }
      }),
      runs(100),
    );
    expect(deltas).toBeGreaterThan(5 * times);
  },
  LONG_MS,
);

test(
  'packs: a flipped, dropped or appended byte is seen at the name, and no piece of any file, nor what rests on it, comes back wrong',
  async () => {
    await fc.assert(
      fc.asyncProperty(life, fc.nat(), damage, async (versions, which, what) => {
        const { engine, entries } = await lived(versions);
        fc.pre(engine.packs.length > 0);
        const pack = engine.packs[which % engine.packs.length]!;
        pack.bytes = damaged(pack.bytes, what);
        expect(sha256Hex(pack.bytes)).not.toBe(pack.name);
        for (const [i, { content: wanted }] of versions.entries()) {
          const back = unlessRefused(() => engine.read(entries[i]!));
          if (back) expect(Buffer.compare(back, wanted)).toBe(0);
        }
      }),
      runs(40),
    );
  },
  LONG_MS,
);

test(
  'index: a segment gives every copy back with its base; a changed one is refused, or nothing that is used has changed',
  async () => {
    await fc.assert(
      fc.asyncProperty(life, damage, async (versions, what) => {
        const { engine } = await lived(versions);
        const segment = engine.segment();
        const bytes = encodeSegment(segment, newSeal(GOLDEN_OWNER, 'index', GOLDEN_SECRET, randomBytes(32)));
        const read = (of: Buffer) => decodeSegment(of, GOLDEN_OWNER, () => GOLDEN_SECRET, 'index/0/x');
        const index = new PieceIndex();
        index.addSegment(read(bytes));
        const all = (of: PieceIndex) => {
          const found: unknown[] = [];
          of.forEach((prefix, pack, base) => {
            found.push([[...prefix], pack, base && [...base]].join(' '));
          });
          return found.sort();
        };
        expect(all(index)).toEqual(all(engine.index));
        const changed = unlessRefused(() => read(damaged(bytes, what)));
        if (!changed) return;
        expect(changed.entries.equals(segment.entries)).toBe(true);
        expect(changed.bases).toEqual(new Map([...segment.bases].map(([entry, base]) => [entry, Buffer.from(base)])));
        expect(what.how).toBe('flip');
      }),
      runs(40),
    );
  },
  LONG_MS,
);

test(
  'pages: entries come back from a page that was stored as a piece; one that is cut or goes on is refused',
  async () => {
    const paths = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(life, paths, damage, async (versions, names, what) => {
        const { engine, entries } = await lived(versions);
        const sorted = names.map((name) => Buffer.from(name)).sort(Buffer.compare);
        const writer = new PageWriter(0);
        for (const [i, path] of sorted.entries())
          writer.addLeaf({ path, body: Buffer.from(encodeEntry(entries[i % entries.length]!).view()) });
        const page = writer.take();
        const stored = engine.read(await engine.capture({ content: page, chunker: { name: 'cuts', version: 1, cuts: [] } }));
        const back = decodePage(stored);
        const leaves = 'entries' in back ? back.entries : [];
        expect(leaves.map(({ path }) => path.toString('hex'))).toEqual(sorted.map((path) => path.toString('hex')));
        for (const [i, { body }] of leaves.entries()) {
          const { pieces } = decodeEntry('a path', body);
          const wanted = entries[i % entries.length]!.pieces ?? [];
          expect(pieces.map(({ id }) => id)).toEqual(wanted.map(({ id }) => Buffer.from(id).toString('hex')));
        }
        if (what.how !== 'flip') expect(unlessRefused(() => decodePage(damaged(page, { ...what, at: page.length - 1 })))).toBeUndefined();
        else unlessRefused(() => decodePage(damaged(page, what)));
      }),
      runs(25),
    );
  },
  LONG_MS,
);

test(
  'whatever bytes are read as a record, a footer, a page or an entry: they are refused as damage, and nothing else happens',
  () => {
    const { header, payload } = pieceCompressor(1)(float32s(2000));
    const record = Buffer.concat([encodeRecordHeader(header), ...payload.parts]);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), damage, (bytes, what) => {
        for (const read of [decodeRecord, decodeFooter, decodePage, (of: Uint8Array) => decodeEntry('a path', of)])
          unlessRefused(() => read(Buffer.from(bytes)));
        unlessRefused(() => decodeRecord(Buffer.from(bytes), () => Buffer.alloc(50, 1)));
        unlessRefused(() => decodeRecord(damaged(record, what)));
      }),
      runs(300),
    );
  },
  LONG_MS,
);
