/** LIST, copy, LIST: the loop alone, on a source that the test writes between any two steps, with a clock that only the loop's waiting moves. */
import type { SourceFile } from '@dr/storage';
import { identityOf } from './identity.ts';
import { newNotes, type PlannedFile } from './planned-file.ts';
import { ROUND_LIMITS, type RoundLimits, settle } from './settle.ts';
import { toPlanned } from './to-planned.ts';

const START_MS = 1_800_000_000_000;

/** Files with a content and the time of their last change, which only shows every `tick` ms. */
class Source {
  nowMs = START_MS;
  readonly files = new Map<string, { content: string; atMs: number }>();
  listings = 0;
  readonly waits: number[] = [];
  readonly tickMs: number;

  constructor(tickMs = 4) {
    this.tickMs = tickMs;
  }

  write(path: string, content: string, ageMs = 0): void {
    this.files.set(path, { content, atMs: Math.floor((this.nowMs - ageMs) / this.tickMs) * this.tickMs });
  }

  async *list(): AsyncIterable<SourceFile[]> {
    this.listings++;
    yield [...this.files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, file]) => entry(path, file.content.length, file.atMs));
  }

  sleep = async (ms: number): Promise<void> => {
    this.waits.push(ms);
    this.nowMs += ms;
  };
}

function entry(path: string, size: number, atMs: number, kind: SourceFile['kind'] = 'file'): SourceFile {
  const time = BigInt(atMs) * 1_000_000n;
  return { path, kind, size, mode: 0o644, uid: 0, gid: 0, mtimeNs: time, ctimeNs: time, ino: 1n };
}

interface Copied {
  copy: Record<string, string>;
  reads: number;
  notes: ReturnType<typeof newNotes>;
}

/** Copies as the engine does; `afterRound` is what writers do once everything that a round planned was read. */
async function copy(
  source: Source,
  afterRound: (round: number) => void = () => undefined,
  more: { limits?: RoundLimits; timeCut?: boolean } = {},
) {
  const notes = newNotes();
  const plan = async function* (changed: AsyncIterable<SourceFile[]>): AsyncIterable<PlannedFile[]> {
    for await (const page of changed) yield page.flatMap((file) => toPlanned(file, { name: 'fixed', version: 1, size: 1, from: 0 }, notes));
  };
  const got: Copied = { copy: {}, reads: 0, notes };
  let round = 0;
  const settling = { list: () => source.list(), plan, notes, now: () => source.nowMs, sleep: source.sleep, ...more };
  for await (const page of settle(settling)) {
    for (const { path, kind } of page) {
      delete got.copy[path];
      const file = source.files.get(path);
      if (kind === 'file') got.reads++;
      if (kind === 'file' && file) got.copy[path] = file.content;
    }
    if (page.length === 0) afterRound(++round);
  }
  return got;
}

const contents = ({ files }: Source) => Object.fromEntries([...files].map(([path, { content }]) => [path, content]));

test('a source at rest is listed twice, read once, and not waited for', async () => {
  const source = new Source();
  for (const path of ['a', 'b', 'c']) source.write(path, path, 1000);
  const { copy: got, reads, notes } = await copy(source);
  expect([got, reads, source.listings, source.waits, notes.unsettled]).toEqual([{ a: 'a', b: 'b', c: 'c' }, 3, 2, [], undefined]);
});

test('what was changed, made or removed after it was read is read again, and nothing else', async () => {
  const source = new Source();
  for (const path of ['a', 'b', 'c']) source.write(path, path, 1000);
  const writes = [() => source.write('a', 'A', 500), () => source.write('d', 'd', 400), () => source.files.delete('b')];
  const { copy: got, reads } = await copy(source, (round) => writes[round - 1]?.());
  expect(got).toEqual({ a: 'A', c: 'c', d: 'd' });
  expect([reads, source.listings]).toEqual([5, 5]);
});

test('a file that vanished and came back is there', async () => {
  const source = new Source();
  for (const path of ['a', 'b']) source.write(path, path, 1000);
  const writes = [() => source.files.delete('b'), () => source.write('b', 'again', 300)];
  expect((await copy(source, (round) => writes[round - 1]?.())).copy).toEqual({ a: 'a', b: 'again' });
});

describe('a file that was changed in the tick of its listing', () => {
  test('is read again a moment later, although it looks the same', async () => {
    const source = new Source(40);
    source.write('a', 'old');
    const { copy: got } = await copy(source, (round) => round === 1 && source.write('a', 'new'));
    expect(got).toEqual({ a: 'new' });
  });

  test('is read only twice when nothing happens, and is then known', async () => {
    const source = new Source();
    source.write('a', 'a');
    source.write('b', 'b', 1000);
    const { reads, notes } = await copy(source);
    expect([reads, source.listings, notes.unsettled]).toEqual([3, 3, undefined]);
    expect(Math.min(...source.waits)).toBeGreaterThan(50);
  });

  test('does not hold the loop up when the clock of the source is ahead', async () => {
    const source = new Source();
    source.write('a', 'a', -3_600_000);
    expect([(await copy(source)).reads, source.listings]).toEqual([2, 3]);
  });
});

describe('a source that never rests', () => {
  const restless = (source: Source) => () => source.write('log', `${contents(source)['log']}+`, 100);

  test('is given up after ten rounds, with what still changed', async () => {
    const source = new Source();
    source.write('log', '', 1000);
    const { notes, copy: got } = await copy(source, restless(source));
    expect(notes.unsettled).toEqual({ rounds: ROUND_LIMITS.roundsMax, entries: 1, paths: ['log'] });
    expect(got).toEqual(contents(source));
  });

  test('is given up when the time is over, however long one round takes', async () => {
    const source = new Source();
    source.write('log', '', 1000);
    const slow = () => {
      source.nowMs += 70_000;
      restless(source)();
    };
    expect((await copy(source, slow)).notes.unsettled).toMatchObject({ rounds: 4 });
  });

  test('waits longer from round to round, so that a long flush can end', async () => {
    const source = new Source();
    source.write('log', '', 1000);
    await copy(source, restless(source));
    expect(source.waits).toEqual([...source.waits].sort((a, b) => a - b));
    expect(source.waits.reduce((a, b) => a + b)).toBeGreaterThan(1_400);
    expect(source.waits.reduce((a, b) => a + b)).toBeLessThan(10_000);
  });

  test('with a time cut loses what appeared after it began, and keeps what was there and changed', async () => {
    const source = new Source();
    source.write('log', '', 1000);
    source.write('old', 'old', 1000);
    const { copy: got, notes } = await copy(
      source,
      (round) => {
        restless(source)();
        source.nowMs += 10;
        source.write(`new-${round}`, 'new');
      },
      { timeCut: true },
    );
    expect(Object.keys(got).sort()).toEqual(['log', 'old']);
    expect(notes.cut).toBe(ROUND_LIMITS.roundsMax - 1);
  });

  test('with a time cut keeps a file that was moved in with an old time', async () => {
    const source = new Source();
    source.write('log', '', 1000);
    const { copy: got } = await copy(source, (round) => [restless(source)(), round === 1 && source.write('moved', 'm', 5000)], {
      timeCut: true,
    });
    expect(got['moved']).toBe('m');
  });
});

test('equal digests mean that nothing was written in between', async () => {
  const source = new Source();
  for (const path of ['a', 'b']) source.write(path, path, 1000);
  const digest = async () => (await copy(source)).notes.listing;
  const first = await digest();
  expect(await digest()).toBe(first);
  source.write('b', 'b', 999 - 500);
  const second = await digest();
  expect(second).not.toBe(first);
  source.files.delete('a');
  expect(await digest()).not.toBe(second);
});

test.each(['size', 'mtimeNs', 'ctimeNs', 'ino'] as const)('another %s is another file', (field) => {
  const file = entry('a', 1, START_MS);
  expect(identityOf({ ...file, [field]: typeof file[field] === 'bigint' ? file[field] + 1n : file[field] + 1 })).not.toBe(identityOf(file));
});
