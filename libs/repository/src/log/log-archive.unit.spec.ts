import { MemoryStore } from '@dr/storage/faults';
import type { Repository } from '../api.ts';
import { logKey } from '../format/object-names.ts';
import { flipAt } from '../testing/damage.ts';
import { newRepository, reopened } from '../testing/opened.ts';
import { CHAIN_START, chainedAll } from './chain.ts';
import type { LogArchive, LogPart } from './log-archive.ts';
import { stepsOf } from './log-order.ts';
import type { LogSegment } from './log-segment.ts';

let store: MemoryStore;
let repository: Repository;
let log: LogArchive;

beforeEach(async () => {
  store = new MemoryStore();
  repository = await newRepository(store);
  log = await repository.log();
});
afterEach(() => repository.close());

const bytesOf = (key: string): Uint8Array => store.objects.get(key)!.bytes;
const replace = (key: string, bytes: Uint8Array): void => void store.objects.set(key, { bytes: Buffer.from(bytes), modifiedAtMs: 0 });
const flipped = (bytes: Uint8Array, at: number): Uint8Array => flipAt(at)(Buffer.from(bytes))!;
const bodyOf = (position: number, epoch = 1): Buffer => Buffer.from(JSON.stringify({ position, epoch, words: 'as they were stored' }));
const bodies = (from: number, to: number, epoch = 1) => Array.from({ length: to - from + 1 }, (_, i) => bodyOf(from + i, epoch));

/** A log of one epoch in segments that end at `ends`. @returns the hash at the end. */
async function written(
  ends: readonly number[],
  {
    epoch = 1,
    from = 1,
    previous = CHAIN_START,
    fork,
  }: { epoch?: number; from?: number; previous?: string } & Pick<LogSegment, 'fork'> = {},
): Promise<string> {
  let [first, hash] = [from, previous];
  for (const end of ends) {
    const segment = { epoch, first, previous: hash, bodies: bodies(first, end, epoch), ...(first === from && fork && { fork }) };
    expect(await log.put(segment)).toBeUndefined();
    [first, hash] = [end + 1, chainedAll(hash, segment.bodies)];
  }
  return hash;
}

async function partsAfter(after: number): Promise<LogPart[]> {
  const parts: LogPart[] = [];
  for await (const part of log.parts(after)) parts.push(part);
  return parts;
}

/** `from-to` of events, `!from-to object` of breaks. */
const told = (parts: readonly LogPart[]): string[] =>
  parts.map((part) =>
    part.kind === 'events' ? `${part.segment.first}-${part.segment.last}` : `!${part.from}-${part.to ?? ''} ${part.object}`,
  );

test('what was archived comes back byte for byte, with its chain, from any position', async () => {
  const hash = await written([3, 4, 9]);
  const parts = await partsAfter(0);
  expect(told(parts)).toEqual(['1-3', '4-4', '5-9']);
  expect(parts.flatMap((part) => (part.kind === 'events' ? part.segment.bodies.map(String) : []))).toEqual(bodies(1, 9).map(String));
  expect(parts.at(-1)).toMatchObject({ segment: { hash } });
  expect(told(await partsAfter(4))).toEqual(['5-9']);
  expect(told(await partsAfter(6))).toEqual(['7-9']);
  expect((await partsAfter(6))[0]).toMatchObject({ segment: { hash, previous: chainedAll(CHAIN_START, bodies(1, 6)) } });
  expect(await partsAfter(9)).toEqual([]);
});

test('nothing can be read in it without the key, and it is compressed', async () => {
  await written([500]);
  const bytes = Buffer.from(bytesOf(logKey(1, 1)));
  expect(bytes.includes('as they were stored')).toBe(false);
  expect(bytes.length).toBeLessThan(10_000);
});

test('a segment is put once: the second writer gets the first one, whatever is in it', async () => {
  await written([3]);
  const other = { epoch: 1, first: 1, previous: CHAIN_START, bodies: bodies(1, 5) };
  expect(await log.put(other)).toMatchObject({ first: 1, last: 3, hash: chainedAll(CHAIN_START, bodies(1, 3)) });
  expect(told(await partsAfter(0))).toEqual(['1-3']);
});

test('two leaders that cut the same log otherwise overlap without a repeat', async () => {
  const hash = await written([3, 6]);
  await log.put({ epoch: 1, first: 5, previous: chainedAll(CHAIN_START, bodies(1, 4)), bodies: bodies(5, 8) });
  expect(told(await partsAfter(0))).toEqual(['1-3', '4-6', '7-8']);
  expect((await partsAfter(0))[2]).toMatchObject({ segment: { previous: hash } });
});

test('a new epoch goes on where it left the old one, whose tail stays and does not count', async () => {
  await written([3, 6, 8]);
  const at = chainedAll(CHAIN_START, bodies(1, 5));
  await written([7, 9], { epoch: 2, from: 6, previous: at, fork: { epoch: 1, position: 5, hash: at } });
  expect(told(await partsAfter(0))).toEqual(['1-3', '4-5', '6-7', '8-9']);
  expect(await log.read({ epoch: 2, first: 6 })).toMatchObject({ fork: { epoch: 1, position: 5, hash: at } });
  expect((await log.names()).map(({ epoch, first }) => `${epoch}/${first}`)).toEqual(['1/1', '1/4', '1/7', '2/6', '2/8']);
});

test('an epoch that forked before the last fork leaves nothing of the epoch between', () => {
  const names = [1, 5]
    .map((first) => ({ key: '', epoch: 1, first }))
    .concat({ key: '', epoch: 2, first: 6 }, { key: '', epoch: 3, first: 3 });
  expect(stepsOf(names).map(({ epoch, first, until }) => [epoch, first, until])).toEqual([
    [1, 1, 2],
    [3, 3, Number.MAX_SAFE_INTEGER],
  ]);
});

describe('damage is told with object and positions, and what comes after is still read', () => {
  test.each<[string, (key: string) => void | Promise<void>]>([
    ['flipped', (key) => replace(key, flipped(bytesOf(key), 200))],
    ['cut off', (key) => replace(key, bytesOf(key).subarray(0, -1))],
    ['longer', (key) => replace(key, Buffer.concat([bytesOf(key), Buffer.of(0)]))],
    ['empty', (key) => replace(key, Buffer.alloc(0))],
    ['missing', (key) => store.delete(key)],
    ['another one', (key) => replace(key, bytesOf(logKey(1, 1)))],
  ])('%s', async (_, harm) => {
    await written([3, 6, 8]);
    await harm(logKey(1, 4));
    expect(told(await partsAfter(0))).toEqual(['1-3', `!4-6 ${logKey(1, 4)}`, '7-8']);
  });

  test('of the last one nobody knows how far it went', async () => {
    await written([3, 6]);
    replace(logKey(1, 4), Buffer.from('x'));
    expect(told(await partsAfter(0))).toEqual(['1-3', `!4- ${logKey(1, 4)}`]);
  });

  test('the first one', async () => {
    await written([3, 6]);
    await store.delete(logKey(1, 1));
    expect(told(await partsAfter(0))).toEqual([`!1-3 ${logKey(1, 1)}`, '4-6']);
  });

  test('a segment that does not follow on the chain', async () => {
    await written([3]);
    await log.put({ epoch: 1, first: 4, previous: 'ab'.repeat(32), bodies: bodies(4, 5) });
    await written([7], { from: 6, previous: 'cd'.repeat(32) });
    expect(told(await partsAfter(0))).toEqual(['1-3', `!4-5 ${logKey(1, 4)}`, '6-7']);
  });
});

test('every single bit of a segment counts', async () => {
  await written([2]);
  const key = logKey(1, 1);
  const whole = bytesOf(key);
  for (let at = 0; at < whole.length; at += 1) {
    replace(key, flipped(whole, at));
    await expect(log.read({ epoch: 1, first: 1 })).rejects.toMatchObject({ code: expect.stringMatching(/damaged|format_too_new|keys\./) });
  }
});

test('a reader archives nothing, and reads with the same passphrase only', async () => {
  await written([2]);
  const reader = await reopened(store, 'read');
  const segment = { epoch: 1, first: 3, previous: CHAIN_START, bodies: bodies(3, 3) };
  await expect((await reader.log()).put(segment)).rejects.toMatchObject({ code: 'repository.opened_for_reading' });
  expect((await (await reader.log()).read({ epoch: 1, first: 1 })).bodies).toHaveLength(2);
  await reader.close();
});
