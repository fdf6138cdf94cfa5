import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReadAhead } from './read-ahead.ts';

const openFiles = async (): Promise<number> => (await readdir('/proc/self/fd')).length;

describe('reading ahead', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dr-read-ahead-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  test('ends where the range or the file does, and leaves no file open', async () => {
    const path = join(folder, 'pack');
    await writeFile(path, randomBytes(3_000_000));
    const before = await openFiles();
    const ahead = new ReadAhead();
    await Promise.all([ahead.read(path, 0, 3_000_000), ahead.read(path, 1_000_000, 9_000_000), ahead.read(path, 5_000_000, 6_000_000)]);
    expect(await openFiles()).toBe(before);
  });

  test('leaves what goes wrong to whoever needs the bytes', async () => {
    await expect(new ReadAhead().read(join(folder, 'missing'), 0, 100)).resolves.toBeUndefined();
    await expect(new ReadAhead().read(folder, 0, 100)).resolves.toBeUndefined();
  });
});
