import { randomBytes } from 'node:crypto';
import type { ByteRange, ObjectStore } from '@dr/storage';
import { MemoryStore } from '@dr/storage/faults';
import { sha256Hex } from '../format/hashes.ts';
import type { TenantIndex } from '../index/tenant-index.ts';
import type { TenantScope } from '../tenant-scope.ts';
import { WholePacks } from './whole-packs.ts';

const BYTES = randomBytes(2_500_000);
const NAME = sha256Hex(BYTES);
const KEY = `packs/data/${NAME}`;

let store: MemoryStore & Pick<ObjectStore, 'fileOf'>;
let reads: (ByteRange | undefined)[];

/** A pack of the index, in a store that can be asked what was read of it. */
async function packs(size = BYTES.length): Promise<WholePacks> {
  store = new MemoryStore();
  await store.createIfAbsent(KEY, BYTES);
  reads = [];
  const read = store.read.bind(store);
  store.read = (key, range, ...more) => {
    reads.push(range);
    return read(key, range, ...more);
  };
  const names = { pack: (kind: string, name: string) => `packs/${kind}/${name}` };
  const index = { pieces: { packs: [{ name: NAME, kind: 'data', size }] } };
  return new WholePacks({ store, names } as unknown as TenantScope, index as unknown as TenantIndex);
}

const damaged = (at: number): void => {
  store.objects.get(KEY)!.bytes[at]! ^= 1;
};

describe('A pack is whole when its bytes have its name', () => {
  it('read at once where objects are no files', async () => {
    const whole = await packs();
    expect([await whole.isWhole(0), reads]).toEqual([true, [undefined]]);
    damaged(2_499_999);
    expect(await whole.isWhole(0)).toBe(false);
  });

  it('read in stretches of at most 1 MiB where they are files, so that it never lies in memory as a whole', async () => {
    const whole = await packs();
    store.fileOf = () => '/some/file';
    expect(await whole.isWhole(0)).toBe(true);
    expect(reads.map((range) => range!.end - range!.start)).toEqual([1 << 20, 1 << 20, BYTES.length - (2 << 20)]);
    damaged(2_000_000);
    expect(await whole.isWhole(0)).toBe(false);
  });

  it('and what cannot be read, or is shorter than it was, is not', async () => {
    const whole = await packs(BYTES.length + 1);
    store.fileOf = () => '/some/file';
    expect(await whole.isWhole(0)).toBe(false);
    store.objects.delete(KEY);
    expect(await whole.isWhole(0)).toBe(false);
  });
});

describe('A thread that compares it', () => {
  it('gets its bytes, or its file', async () => {
    const whole = await packs();
    expect(await whole.forThread(0)).toEqual({ name: NAME, bytes: new Uint8Array(BYTES) });
    store.fileOf = () => '/some/file';
    expect(await whole.forThread(0)).toEqual({ name: NAME, file: { path: '/some/file', end: BYTES.length } });
  });

  it('gets nothing when it cannot be read', async () => {
    const whole = await packs();
    store.objects.delete(KEY);
    expect(await whole.forThread(0)).toBeUndefined();
  });
});
