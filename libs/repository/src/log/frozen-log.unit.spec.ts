import { readFileSync } from 'node:fs';
import { MemoryStore } from '@dr/storage/faults';
import type { Repository } from '../api.ts';
import { flipAt } from '../testing/damage.ts';
import { type FrozenObjects, goldenSegments, goldenWords } from '../testing/golden-log.ts';
import { reopened } from '../testing/opened.ts';

const frozen = JSON.parse(readFileSync(new URL('../../fixtures/golden/log.json', import.meta.url), 'utf8')) as FrozenObjects;
const none = (error: unknown): never => {
  throw error;
};

let store: MemoryStore;
let repository: Repository;

beforeEach(async () => {
  store = new MemoryStore();
  for (const [key, bytes] of Object.entries(frozen)) store.objects.set(key, { bytes: Buffer.from(bytes, 'base64'), modifiedAtMs: 0 });
  repository = await reopened(store, 'read');
});
afterEach(() => repository.close());

test('segments of the log that were written once are read for ever, with their chains and their fork', async () => {
  const log = await repository.log();
  const segments = goldenSegments();
  expect((await log.names()).map(({ epoch, first }) => [epoch, first])).toEqual(segments.map(({ epoch, first }) => [epoch, first]));
  for (const { epoch, first, previous, bodies, fork } of segments) {
    const read = await log.read({ epoch, first });
    expect(read).toMatchObject({ epoch, first, previous, last: first + bodies.length - 1, ...(fork && { fork }) });
    expect(read.bodies.map(String)).toEqual(bodies.map(String));
  }
});

test.each(['acme', undefined])('words of %j that were written once are read for ever', async (tenant) => {
  expect(await (await repository.words(tenant)).all(none)).toEqual([goldenWords(tenant).at(-1)]);
});

test('with any byte of a segment changed its events are missing, and those of the others are read', async () => {
  const log = await repository.log();
  const key = Object.keys(frozen).find((name) => name.startsWith('log/'))!;
  const good = Buffer.from(frozen[key]!, 'base64');
  for (let at = 0; at < good.length; at++) {
    store.objects.set(key, { bytes: flipAt(at)(Buffer.from(good))!, modifiedAtMs: 0 });
    const told: string[] = [];
    try {
      for await (const part of log.parts(0)) told.push(part.kind === 'break' ? `!${part.object}` : `${part.segment.first}`);
    } catch (error) {
      told.push((error as { code: string }).code);
    }
    if (told[0] !== 'repository.format_too_new') expect(told).toEqual([`!${key}`, '4', '6']);
  }
});

test('words of which any byte was changed are told', async () => {
  const { id, n } = goldenWords('acme').at(-1)!;
  const key = Object.keys(frozen).find((name) => name.startsWith('t/') && name.endsWith(`${id}-${n}`))!;
  const good = Buffer.from(frozen[key]!, 'base64');
  const words = await repository.words('acme');
  for (let at = 0; at < good.length; at++) {
    store.objects.set(key, { bytes: flipAt(at)(Buffer.from(good))!, modifiedAtMs: 0 });
    const told: string[] = [];
    const read = await words.all((error) => told.push(error.object)).catch((error: { code: string }) => [told.push(error.code)]);
    if (told[0] !== 'repository.format_too_new') expect([told, read]).toEqual([[key], []]);
  }
});
