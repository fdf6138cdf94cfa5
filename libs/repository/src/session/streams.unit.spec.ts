/** Files whose bytes come as a stream of unknown length: the same bytes come back, whatever the length and the steps; memory is bounded; errors end the capture. */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MemoryStore } from '@dr/storage/faults';
import * as fc from 'fast-check';
import type { Repository } from '../api.ts';
import { folderOf, removeFolders, temporaryFolder } from '../testing/folders.ts';
import { manifestOf, newRepository } from '../testing/opened.ts';
import type { CaptureFile } from '../types.ts';
import { partsOf } from './stream-parts.ts';

const MIB = 1024 * 1024;
const opened: Repository[] = [];
afterEach(async () => {
  for (const repository of opened.splice(0)) await repository.close();
});
afterAll(removeFolders);

const fileOf = (stream: AsyncIterable<Uint8Array>, path = 'output'): CaptureFile => ({
  path,
  kind: 'file',
  size: 0,
  mode: 0o600,
  uid: 0,
  gid: 0,
  mtimeNs: 1n,
  ctimeNs: 1n,
  ino: 0n,
  stream,
});

async function* inSteps(bytes: Uint8Array, step: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}

let number = 0;
async function sessionOn(store = new MemoryStore()) {
  const repository = await newRepository(store, { memoryBytesMax: 60 * MIB });
  opened.push(repository);
  const tenant = await repository.tenant('acme', { create: true });
  const session = await tenant.session(`backup_${++number}`, { type: 'full' });
  return { tenant, session };
}

const LENGTHS = [0, 1, 512, 513, 4 * MIB - 1, 4 * MIB, 4 * MIB + 1, 4 * MIB + 512, 4 * MIB + 513, 9 * MIB + 17];

test.each(LENGTHS)('%i bytes come back as they were, and are found whole by a check of every byte', async (length) => {
  const { tenant, session } = await sessionOn();
  const bytes = randomBytes(length);
  const tree = await session.capture({ datasetId: 'set', root: temporaryFolder(), files: [[fileOf(inSteps(bytes, 700_001))]] });
  expect(tree).toMatchObject({ objects: 1, bytes: length, findings: [] });
  const commit = await session.commit(manifestOf(session.backupId, [tree]));
  expect(commit.kind).toBe('commit');
  const target = join(temporaryFolder(), 'back');
  await tenant.restore(tree.root, target);
  expect(readFileSync(join(target, 'output')).equals(bytes)).toBe(true);
  expect(Buffer.from(await tenant.readFile(tree.root, 'output')).equals(bytes)).toBe(true);
  expect((await tenant.verify(session.backupId, { level: 'full' })).findings).toEqual([]);
  await session.close();
});

test('the same bytes are stored once, whether they come as a stream or as a file', async () => {
  const { session } = await sessionOn();
  const bytes = randomBytes(3 * MIB);
  const root = folderOf({ a: 'a' });
  const first = await session.capture({ datasetId: 'one', root, files: [[fileOf(inSteps(bytes, MIB))]] });
  const second = await session.capture({ datasetId: 'two', root, files: [[fileOf(inSteps(bytes, 999), 'again')]] });
  expect(first.newBytes).toBeGreaterThan(3 * MIB);
  expect(second.newBytes).toBeLessThan(1000);
  await session.close();
});

test('whoever makes the bytes is held up by who stores them', async () => {
  const { session } = await sessionOn();
  let [ahead, most, made] = [0, 0, 0];
  const digest = createHash('sha256');
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (; made < 200 * MIB; made += MIB) {
      ahead = made - taken;
      most = Math.max(most, ahead);
      const bytes = Buffer.alloc(MIB, made / MIB);
      digest.update(bytes);
      yield bytes;
    }
  }
  let taken = 0;
  const progress = ({ bytes }: { bytes: number }) => (taken = bytes);
  const tree = await session.capture({ datasetId: 'set', root: temporaryFolder(), files: [[fileOf(endless())]], progress });
  expect(tree.bytes).toBe(200 * MIB);
  expect(most).toBeLessThan(40 * MIB);
  await session.close();
});

test('what the stream throws ends the capture', async () => {
  const { session } = await sessionOn();
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield randomBytes(5 * MIB);
    throw new Error('exit code 1');
  }
  await expect(session.capture({ datasetId: 'set', root: temporaryFolder(), files: [[fileOf(broken())]] })).rejects.toThrow('exit code 1');
  await session.close();
});

test('an abort does not wait for a store that does not answer', async () => {
  const store = new MemoryStore();
  const { session } = await sessionOn(store);
  const create = store.createIfAbsent.bind(store);
  const answered = Promise.withResolvers<void>();
  let isStuck = false;
  store.createIfAbsent = async (...given) => {
    isStuck = true;
    await answered.promise;
    return create(...given);
  };
  const abort = new AbortController();
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      if (isStuck) setImmediate(() => abort.abort(new Error('cancelled')));
      yield randomBytes(4 * MIB);
    }
  }
  const { signal } = abort;
  const captured = session.capture({ datasetId: 'set', root: temporaryFolder(), files: [[fileOf(endless())]], signal });
  await expect(captured).rejects.toThrow('cancelled');
  answered.resolve();
  await session.close();
}, 30_000);

test('parts: all bytes in order, all but the last two as long as can be, none short but an only one', async () => {
  const lengths = fc.oneof(fc.integer({ min: 0, max: 3000 }), fc.constantFrom(...LENGTHS, 8 * MIB, 8 * MIB + 3));
  await fc.assert(
    fc.asyncProperty(lengths, fc.integer({ min: 1, max: 5 * MIB }), async (length, step) => {
      const bytes = Buffer.alloc(length, 'tributary');
      const parts: Uint8Array[] = [];
      for await (const part of partsOf(inSteps(bytes, Math.max(step, Math.ceil(length / 2000))))) parts.push(part);
      expect(Buffer.concat(parts).equals(bytes)).toBe(true);
      expect(parts.slice(0, -2).every((part) => part.length === 4 * MIB)).toBe(true);
      if (parts.length > 1) expect(Math.min(...parts.map((part) => part.length))).toBeGreaterThan(512);
      expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(4 * MIB);
    }),
    { numRuns: 60 },
  );
});
