import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const SHAPES = ['opaque', 'v4'] as const;
export type Shape = (typeof SHAPES)[number];

/** A folder holds so many files, so that neither the file system nor one listing of it is the limit. */
const PER_FOLDER = 1000;
/** As in a v3 data set most files are small enough to lie in the tree; every eighth has a piece of its own. */
const SMALL_BYTES = 36;
const PIECE_BYTES = 700;

/** Makes a data set of `count` small files, each with other bytes, about 20,000 a second. Opaque: 8 files in 1,000; v4: data files that its log names. */
export function makeObjects(folder: string, count: number, shape: Shape): void {
  mkdirSync(folder, { recursive: true });
  for (let first = 0; first < count; first += PER_FOLDER) {
    const inside = `objects/${name(first / PER_FOLDER, 5)}`;
    mkdirSync(join(folder, inside), { recursive: true });
    const paths = Array.from({ length: Math.min(PER_FOLDER, count - first) }, (_, i) => `${inside}/${name(first + i, 8)}`);
    for (const [i, path] of paths.entries()) writeFileSync(join(folder, path), bytesOf(first + i));
    if (shape === 'v4') writeLog(folder, first / PER_FOLDER + 2, paths, first);
  }
  if (shape === 'v4') writeFirstLogs(folder);
}

const name = (n: number, digits: number): string => String(n).padStart(digits, '0');

/** Content of the n-th file. */
export function bytesOf(n: number): Buffer {
  return Buffer.alloc(n % 8 === 0 ? PIECE_BYTES : SMALL_BYTES, `object ${name(n, 10)} `);
}

const MAIN = name(1, 32);
const line = (operation: object): string => `${JSON.stringify(operation)}\n`;
const COMMIT = line({ commit: { release: '4.7.4', clientTimestamp: 1 } });

function writeFirstLogs(folder: string): void {
  const meta = [{ setId: { id: 'x' } }, { setMinReader: { minReader: 4 } }, { createBranch: { id: MAIN, name: 'main' } }];
  const column = { createColumn: { i: 1, n: 'c1', t: { k: 'generic', d: { t: { t: { d: 'int64' } } } } } };
  write(folder, `_deeplake_log/_meta/0000000001c00000000.jsonl`, COMMIT + meta.map(line).join(''));
  write(folder, `_deeplake_log/${MAIN}/0000000001m00000000.jsonl`, COMMIT + line(column));
}

/** One commit adds the files of a folder, each as a block of a row. Source: DEEPLAKE_V4.md section 2. */
function writeLog(folder: string, commit: number, paths: readonly string[], first: number): void {
  const blocks = paths.map((x, i) => {
    const b = [bytesOf(first + i).length];
    const d = { p: [''], c: [''], b, st: '0', hs: '0', h: [0], s: [[]], n: [1], x, f: { t: '3', d: {} }, cs: [{ rc: 1 }] };
    return line({ addBlock: { d, c: 1, b: first + i } });
  });
  write(folder, `_deeplake_log/${MAIN}/${name(commit, 10)}m00000000.jsonl`, COMMIT + blocks.join(''));
}

function write(folder: string, path: string, text: string): void {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), text);
}
