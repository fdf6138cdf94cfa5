import { randomBytes } from 'node:crypto';
import { constants, readdirSync } from 'node:fs';
import { StoreFull } from '../../errors.ts';
import { pageMemory } from '../../page-memory.ts';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { DIRECT_FLAGS } from './direct-writes.ts';
import { type Disk, disk as realDisk } from './disk.ts';
import { openLocalStore } from './local-store.ts';

const MiB = 1024 * 1024;
const EXT4 = 0xef53;
const TMPFS = 0x01021994;

/** Whole pages of random bytes. */
function pages(bytes: number): Buffer {
  const memory = Buffer.from(pageMemory(bytes));
  memory.set(randomBytes(bytes));
  return memory;
}

interface World {
  readonly type: number;
  /** What opening or writing a file for direct writes says. */
  readonly refusal?: { readonly at: 'open' | 'write'; readonly code: string };
}

/** A store that says how each of its objects' files was opened. The file system below may be any: direct writes are asked for, not made. */
async function storeOn({ type, refusal }: World) {
  const root = temporaryFolder();
  const opened: string[] = [];
  const refuse = (): never => {
    throw Object.assign(new Error('as planned'), { code: refusal?.code });
  };
  const open = async (...[path, flags, mode]: Parameters<Disk['open']>) => {
    const direct = flags === DIRECT_FLAGS;
    if (direct || flags === 'wx') opened.push(direct ? 'direct' : 'cached');
    if (direct && refusal?.at === 'open') refuse();
    const handle = await realDisk.open(path, direct ? 'wx' : flags, mode);
    return direct && refusal ? Object.assign(handle, { writev: async () => refuse() }) : handle;
  };
  const disk: Disk = { ...realDisk, open: open as Disk['open'], statfs: (async () => ({ type })) as unknown as Disk['statfs'] };
  const store = await openLocalStore(root, {}, disk);
  opened.length = 0;
  return { store, opened, left: () => readdirSync(`${root}/tmp`) };
}

const linux = DIRECT_FLAGS === undefined ? test.skip : test;

linux('large objects in whole pages go past the page cache, and come back as they were', async () => {
  const { store, opened } = await storeOn({ type: EXT4 });
  const bytes = pages(3 * MiB);
  expect(await store.createIfAbsent('a/pack', bytes)).toBe('created');
  expect(await store.createIfAbsent('a/pack', pages(MiB))).toBe('exists');
  expect(opened).toEqual(['direct', 'direct']);
  expect(Buffer.compare(await store.read('a/pack'), bytes)).toBe(0);
});

linux.each([
  ['in memory of another kind', () => [Buffer.alloc(2 * MiB)]],
  ['in several buffers', () => [pages(2 * MiB), pages(2 * MiB)]],
  ['below 1 MiB', () => [pages(MiB - 4096)]],
  ['that do not begin with a page', () => [pages(2 * MiB).subarray(512, 512 + MiB)]],
  ['that do not end with a page', () => [pages(2 * MiB).subarray(0, MiB + 1)]],
] as const)('objects %s are copied into it', async (_, buffers) => {
  const { store, opened } = await storeOn({ type: EXT4 });
  const parts = buffers();
  await store.createIfAbsent('k', parts);
  expect(opened).toEqual(['cached']);
  expect(Buffer.compare(await store.read('k'), Buffer.concat(parts))).toBe(0);
});

linux('file systems of other kinds are not asked for it', async () => {
  const { store, opened } = await storeOn({ type: TMPFS });
  await store.createIfAbsent('k', pages(2 * MiB));
  expect(opened).toEqual(['cached']);
});

linux.each(['open', 'write'] as const)('a disk that refuses it at %s gets the bytes the other way', async (at) => {
  const { store, opened, left } = await storeOn({ type: EXT4, refusal: { at, code: 'EINVAL' } });
  const bytes = pages(2 * MiB);
  expect(await store.createIfAbsent('k', bytes)).toBe('created');
  expect(opened).toEqual(['direct', 'cached']);
  expect(Buffer.compare(await store.read('k'), bytes)).toBe(0);
  expect(left()).toEqual([]);
});

linux('any other refusal is told, and leaves nothing behind', async () => {
  const { store, opened, left } = await storeOn({ type: EXT4, refusal: { at: 'write', code: 'ENOSPC' } });
  await expect(store.createIfAbsent('k', pages(2 * MiB))).rejects.toThrow(StoreFull);
  expect(opened).toEqual(['direct']);
  expect(await store.stat('k')).toBeUndefined();
  expect(left()).toEqual([]);
});

linux('the real disk takes it, whatever file system the test runs on', async () => {
  const root = temporaryFolder();
  const store = await openLocalStore(root);
  const memory = pages(5 * MiB);
  for (const [key, start, end] of [
    ['whole', 0, 5 * MiB],
    ['inner', 4096, 3 * MiB],
  ] as const) {
    const bytes = memory.subarray(start, end);
    expect(await store.createIfAbsent(key, bytes)).toBe('created');
    expect(Buffer.compare(await store.read(key), bytes)).toBe(0);
  }
  expect(constants.O_DIRECT & DIRECT_FLAGS!).toBe(constants.O_DIRECT);
});
