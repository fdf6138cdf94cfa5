import type { ObjectStore } from '@dr/storage';
import { describe, expect, it } from '@jest/globals';
import { ReadMemory } from './read-memory.ts';

const MiB = 1024 * 1024;

/** Stores that give bytes in the memory they are lent, in memory of their own, or none. */
const lending = { read: async (_key, range, _signal, memory) => new Uint8Array(memory!, 0, range!.end) } as ObjectStore;
const owning = { read: async (_key, range) => new Uint8Array(range!.end) } as ObjectStore;
const failing = { read: () => Promise.reject(new Error('away')) } as unknown as ObjectStore;
const range = (bytes: number) => ({ start: 0, end: bytes });

describe('Memory that packs are read into', () => {
  it('is used again once it is given back, for what is as large or smaller', async () => {
    const reads = new ReadMemory();
    const first = await reads.read(lending, 'a', range(5 * MiB));
    reads.give(first.buffer as ArrayBuffer);
    const second = await reads.read(lending, 'b', range(3 * MiB));
    expect(second.buffer).toBe(first.buffer);
    expect([first.length, second.length]).toEqual([5 * MiB, 3 * MiB]);
  });

  it('is never lent to two reads at once', async () => {
    const reads = new ReadMemory();
    const [one, other] = await Promise.all([reads.read(lending, 'a', range(MiB)), reads.read(lending, 'b', range(MiB))]);
    expect(one.buffer).not.toBe(other.buffer);
    expect([one, other].map((bytes) => reads.isLent(bytes))).toEqual([true, true]);
  });

  it('gives what is too small up for what is larger', async () => {
    const reads = new ReadMemory();
    const small = await reads.read(lending, 'a', range(MiB));
    const memory = small.buffer as ArrayBuffer;
    reads.give(memory);
    const large = await reads.read(lending, 'b', range(20 * MiB));
    expect(large.length).toBe(20 * MiB);
    expect(memory.byteLength).toBe(0);
  });

  it.each([
    ['a store that gives memory of its own', owning],
    ['a read that failed', failing],
  ])('stays here with %s', async (_what, store) => {
    const reads = new ReadMemory();
    const kept = await reads.read(lending, 'a', range(MiB));
    reads.give(kept.buffer as ArrayBuffer);
    const bytes = await reads.read(store, 'b', range(MiB)).catch(() => undefined);
    expect(bytes && reads.isLent(bytes)).not.toBe(true);
    expect((await reads.read(lending, 'c', range(MiB))).buffer).toBe(kept.buffer);
  });

  it('is let go when reading has ended', async () => {
    const reads = new ReadMemory();
    const memory = (await reads.read(lending, 'a', range(MiB))).buffer as ArrayBuffer;
    reads.give(memory);
    reads.trim();
    expect(memory.byteLength).toBe(0);
  });
});
