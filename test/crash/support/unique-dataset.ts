import { createCipheriv, createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareFolders } from '../../../deploy/local/src/demo/compare-folders.ts';

const KB = 1024;
const SMALL = { count: 120, bytes: 128 * KB };
const LARGE = { count: 8, bytes: 4 * KB * KB };

/** Files of one data set, `meta.json` included. */
export const FILES = SMALL.count + LARGE.count + 1;

/** Writes 47 MB that no other name gives: half of each file is noise, half compresses well. Replaces what was there. */
export function writeUnique(folder: string, name: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'large'), { recursive: true });
  writeFileSync(join(folder, 'meta.json'), JSON.stringify({ name }));
  for (let n = 0; n < SMALL.count; n += 1) writeFileSync(join(folder, `f${n}.bin`), contentOf(`${name} ${n}`, SMALL.bytes));
  for (let n = 0; n < LARGE.count; n += 1) writeFileSync(join(folder, 'large', `f${n}.bin`), contentOf(`${name} large ${n}`, LARGE.bytes));
}

function contentOf(name: string, bytes: number): Buffer {
  const content = Buffer.alloc(bytes, `${name} `);
  const key = createHash('sha256').update(name).digest();
  createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
    .update(Buffer.alloc(bytes / 2))
    .copy(content);
  return content;
}

/** Both folders hold the same data set of this kind, whole. */
export function expectSame(left: string, right: string): void {
  expect(compareFolders(left, right, () => true)).toMatchObject({ same: FILES, different: [] });
}
