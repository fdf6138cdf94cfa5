import { randomBytes } from 'node:crypto';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import { MemoryStore } from '@dr/storage/faults';
import { Crew, Lane, mapLimited, Places } from '../concurrency.ts';
import { newRepository } from '../testing/opened.ts';
import { engineLimits } from './limits.ts';
import { PackBuffers } from './pack-buffers.ts';
import { newTrust, PackTrust } from './pack-trust.ts';
import { exactly, WorkerPool } from './pool.ts';

const MiB = 1024 * 1024;
const limits = (workers: number, megabytes: number) => engineLimits({ workers, memoryBytesMax: megabytes * MiB, now: () => 0 });

describe('the memory budget', () => {
  const taken = ({ buffers }: ReturnType<typeof limits>): number =>
    buffers.bytes.data * buffers.counts.data + buffers.bytes.meta * buffers.counts.meta;

  test('decides the size of packs, then the number of threads', () => {
    expect(limits(2, 160)).toMatchObject({ workers: 2, targets: { data: 16 * MiB, meta: 4 * MiB } });
    expect(limits(2, 100)).toMatchObject({ workers: 2, targets: { data: 8 * MiB } });
    expect(limits(16, 160).workers).toBeLessThan(6);
    expect(limits(4, 1)).toMatchObject({ workers: 1, targets: { data: 4 * MiB, meta: 4 * MiB } });
  });

  test('is kept by the buffers, however many cores there are', () => {
    for (const workers of [1, 2, 4, 8, 64])
      for (const megabytes of [80, 160, 400, 2000]) expect(taken(limits(workers, megabytes))).toBeLessThan(megabytes * MiB);
  });
});

describe('pack buffers', () => {
  const pool = () => {
    const lent: string[] = [];
    const given: ArrayBuffer[] = [];
    const bytes = { data: 64, meta: 32 };
    const buffers = new PackBuffers<string>({ bytes, counts: { data: 2, meta: 1 } }, (thread, kind, buffer) => {
      lent.push(`${thread} ${kind} ${buffer.byteLength}`);
      given.push(buffer);
    });
    return { buffers, lent, given };
  };

  test('are lent in the order they were asked for and never more than there are', () => {
    const { buffers, lent, given } = pool();
    expect(['a', 'b', 'c', 'd'].map((thread) => buffers.request(thread, 'data'))).toEqual([true, true, false, false]);
    expect(buffers.request('a', 'meta')).toBe(true);
    buffers.give('data', given[0]!);
    buffers.give('data', given[1]!);
    expect(lent).toEqual(['a data 64', 'b data 64', 'a meta 32', 'c data 64', 'd data 64']);
    expect(new Set(given.filter((buffer) => buffer.byteLength === 64)).size).toBe(2);
  });

  test('give their memory back when nobody needs them, and are made anew', () => {
    const { buffers, given } = pool();
    buffers.request('a', 'data');
    buffers.give('data', given[0]!);
    buffers.trim();
    expect(given[0]!.byteLength).toBe(0);
    expect([buffers.request('a', 'data'), buffers.request('b', 'data'), buffers.request('c', 'data')]).toEqual([true, true, false]);
    expect(given.at(-1)!.byteLength).toBe(64);
  });
});

describe('trust in packs', () => {
  test('is decided once; who asks meanwhile waits for the answer', async () => {
    const states = newTrust(3);
    const [one, two] = [new PackTrust(states), new PackTrust(states)];
    let checks = 0;
    let answer: (good: boolean) => void = () => {};
    const check = (): Promise<boolean> =>
      new Promise((resolve) => {
        checks++;
        answer = resolve;
      });
    const [first, second] = [one.trust(0, check), two.trust(0, check)];
    answer(true);
    expect(await Promise.all([first, second])).toEqual([true, true]);
    expect([two.trust(0, check), checks]).toEqual([true, 1]);
    expect([...one.good()]).toEqual([0]);
    one.decide(1, false);
    expect(two.trust(1, check)).toBe(false);
    expect(await two.trust(9, async () => true)).toBe(true);
  });
});

describe('threads', () => {
  test('an error in a job comes back with its code and harms no other job', async () => {
    const { buffers } = limits(1, 80);
    const pool = new WorkerPool(1, buffers);
    const file = { slot: 0, path: '/does/not/exist/x', size: 1, mode: 0o600, uid: 0, gid: 0, mtimeNs: 0n, content: Buffer.alloc(1) };
    await expect(pool.run({ type: 'write', files: [file] })).rejects.toMatchObject({ code: 'repository.target_failed' });
    await expect(pool.run({ type: 'capture', session: 1, root: '/does/not/exist', nowMs: 0, files: [] })).rejects.toMatchObject({
      code: 'source.missing',
    });
    expect(await pool.run({ type: 'write', files: [] })).toBeUndefined();
    await pool.close();
  });

  test('bytes go to a thread in a buffer of their own', () => {
    const own = new Uint8Array(100);
    expect(exactly(own)).toEqual({ bytes: own, transfer: [own.buffer] });
    const shared = Buffer.alloc(100).subarray(10, 20);
    const { bytes, transfer } = exactly(shared);
    expect([bytes!.length, transfer[0]!.byteLength]).toEqual([10, 10]);
    expect(exactly(undefined)).toEqual({ bytes: undefined, transfer: [] });
  });

  /** Jobs that fail at once but stand for so many bytes each. */
  async function atOnce(pool: WorkerPool, jobs: number, size: number): Promise<void> {
    const file = { slot: 0, path: '/no/such/folder/file', size, mode: 0o600, uid: 0, gid: 0, mtimeNs: 0n, content: new Uint8Array(0) };
    await Promise.allSettled(Array.from({ length: jobs }, () => pool.run({ type: 'write', files: [file] })));
  }

  test('are started when there is a job for them, never more than there are cores for', async () => {
    const { buffers } = engineLimits({ now: () => 0, workers: 2 });
    const pool = new WorkerPool(2, buffers);
    expect(pool.started).toBe(0);
    await pool.runOnEach({ type: 'finish' });
    expect(pool.started).toBe(0);
    await pool.run({ type: 'write', files: [] });
    await pool.run({ type: 'write', files: [] });
    expect(pool.started).toBe(1);
    await Promise.all(Array.from({ length: 9 }, () => pool.run({ type: 'write', files: [] })));
    expect(pool.started).toBe(1);
    await atOnce(pool, 9, 1);
    expect(pool.started).toBe(1);
    await atOnce(pool, 9, 8 * MiB);
    expect(pool.started).toBe(2);
    await atOnce(pool, 9, 8 * MiB);
    expect(pool.started).toBe(2);
    await pool.close();
  });

  test('are started before there is a job where it is known how much will be read', async () => {
    const { buffers } = engineLimits({ now: () => 0, workers: 2 });
    const pool = new WorkerPool(2, buffers);
    const started = (bytes: number) => {
      pool.expect(bytes);
      return pool.started;
    };
    expect([0, 1, 1, 16 * MiB, Number.POSITIVE_INFINITY].map(started)).toEqual([0, 1, 1, 2, 2]);
    await pool.run({ type: 'write', files: [] });
    expect(pool.started).toBe(2);
    await pool.close();
    pool.expect(1);
    expect(pool.started).toBe(2);
  });

  test('that are started late know the sessions that were opened before', async () => {
    const repository = await newRepository(new MemoryStore(), { workers: 2 });
    const tenant = await repository.tenant('acme', { create: true });
    const session = await tenant.session('backup_1', { type: 'full' });
    const file = { kind: 'file' as const, mode: 0o644, uid: 0, gid: 0, mtimeNs: 0n, ctimeNs: 0n, ino: 1n };
    const files = Array.from({ length: 40 }, (_, i) => ({ ...file, path: `${i}`, size: 1_000_000, content: randomBytes(1_000_000) }));
    const tree = await session.capture({ datasetId: 'set', root: '/', files: [files] });
    expect(tree).toMatchObject({ objects: 40, findings: [] });
    expect(tree.newBytes).toBeGreaterThanOrEqual(40_000_000);
    await session.close();
    await repository.close();
  });

  test('that are at work when the repository is closed end by themselves, and harm nothing', async () => {
    const file = { kind: 'file' as const, mode: 0o644, uid: 0, gid: 0, mtimeNs: 0n, ctimeNs: 0n, ino: 1n, size: 20_000 };
    const text = (i: number): Buffer => Buffer.from(`row ${i} `.repeat(4_000)).subarray(0, file.size);
    const files = Array.from({ length: 2_000 }, (_, i) => ({ ...file, path: `${i}`, content: text(i) }));
    for (let round = 0; round < 8; round++) {
      const repository = await newRepository(new MemoryStore(), { workers: 2 });
      const session = await (await repository.tenant('acme', { create: true })).session('backup_1', { type: 'full' });
      void session.capture({ datasetId: 'set', root: '/', files: [files] }).catch(() => undefined);
      await wait(60 + 7 * round);
      await repository.close();
    }
  });

  test('are not started by a repository that only lists', async () => {
    const repository = await newRepository(new MemoryStore());
    for await (const _ of (await repository.tenant('acme', { create: true })).backups());
    await repository.close();
    await repository.close();
  });
});

describe('tasks', () => {
  test('a crew runs so many at once, stops beginning after an error, and tells it', async () => {
    const crew = new Crew(2);
    let [running, most, begun] = [0, 0, 0];
    const task = async (): Promise<void> => {
      begun++;
      most = Math.max(most, ++running);
      await turn();
      running--;
    };
    for (let i = 0; i < 10; i++) await crew.start(task);
    await crew.done();
    expect([most, begun]).toEqual([2, 10]);
    await crew.start(async () => Promise.reject(new Error('broken')));
    await turn();
    await expect(crew.start(task)).rejects.toThrow('broken');
    await expect(crew.done()).rejects.toThrow('broken');
    expect(begun).toBe(10);
    await crew.settled();
  });

  test('places take so many at once, in their order, and outlive failures', async () => {
    const places = new Places(2);
    const begun: number[] = [];
    let [running, most] = [0, 0];
    const task = (n: number) => async (): Promise<number> => {
      begun.push(n);
      most = Math.max(most, ++running);
      await turn();
      running--;
      if (n % 2 === 1) throw new Error(`odd ${n}`);
      return n;
    };
    const ends = await Promise.allSettled([0, 1, 2, 3, 4].map((n) => places.run(task(n))));
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled']);
    expect([begun, most]).toEqual([[0, 1, 2, 3, 4], 2]);
    expect(await places.run(task(6))).toBe(6);
  });

  test('a lane keeps the order and outlives a failure', async () => {
    const lane = new Lane();
    const seen: number[] = [];
    const slow = lane.run(async () => {
      await turn();
      seen.push(1);
      throw new Error('no');
    });
    const fast = lane.run(async () => seen.push(2));
    await expect(slow).rejects.toThrow('no');
    await fast;
    expect(seen).toEqual([1, 2]);
  });

  test('a limited map keeps the order of its results', async () => {
    expect(await mapLimited([3, 1, 2], 2, async (n, i) => `${n}${i}`)).toEqual(['30', '11', '22']);
    expect(await mapLimited([], 2, async (n) => n)).toEqual([]);
  });
});
