import { randomBytes } from 'node:crypto';
import type { ObjectStore } from '@dr/storage';

export interface TestStep {
  step: 'open' | 'write' | 'read' | 'delete';
  ok: boolean;
  milliseconds: number;
  error?: string;
}

export interface StoreTest {
  name: string;
  uri: string;
  ok: boolean;
  steps: TestStep[];
}

const BYTES = 64 * 1024;

/** No part of a repository begins like this, so nobody takes the object for one. */
export const TEST_PREFIX = 'test-backup';

/** Opens a store, writes an object of 64 KiB, reads it back and deletes it. Never throws; a step that failed ends the test, but the object goes. */
export async function testStore(name: string, uri: string, id: string, open: () => Promise<ObjectStore>): Promise<StoreTest> {
  const steps: TestStep[] = [];
  const store = await timed(steps, 'open', open);
  if (store) {
    await tryObject(store, `${TEST_PREFIX}/${id}`, steps);
    await store.close();
  }
  return { name, uri: store?.uri ?? uri, ok: steps.every((s) => s.ok), steps };
}

async function tryObject(store: ObjectStore, key: string, steps: TestStep[]): Promise<void> {
  const bytes = randomBytes(BYTES);
  const written = await timed(steps, 'write', async () => {
    if ((await store.createIfAbsent(key, bytes)) === 'exists') throw new Error(`${key} is there already`);
    return true;
  });
  if (written) await timed(steps, 'read', async () => expectSame(await store.read(key), bytes));
  await timed(steps, 'delete', async () => {
    await store.delete(key);
    if (await store.stat(key)) throw new Error(`${key} is still there after it was deleted`);
  });
}

function expectSame(read: Uint8Array, written: Uint8Array): void {
  if (Buffer.compare(read, written) !== 0) throw new Error('other bytes came back than were written');
}

async function timed<T>(steps: TestStep[], step: TestStep['step'], work: () => Promise<T>): Promise<T | undefined> {
  const since = performance.now();
  const milliseconds = () => Math.round((performance.now() - since) * 10) / 10;
  try {
    const result = await work();
    steps.push({ step, ok: true, milliseconds: milliseconds() });
    return result;
  } catch (error) {
    steps.push({ step, ok: false, milliseconds: milliseconds(), error: (error as Error).message });
    return undefined;
  }
}
