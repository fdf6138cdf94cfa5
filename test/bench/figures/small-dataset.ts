import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const FIXTURE = join(import.meta.dirname, '..', '..', 'fixtures', 'v3-tiny.tar.gz');

/** Lends a data set of 28 files that Deep Lake v3 wrote. */
export async function withSmallDataset<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'dr-bench-dataset-'));
  try {
    await promisify(execFile)('tar', ['xzf', FIXTURE, '-C', folder]);
    return await use(join(folder, 'v3-tiny'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
