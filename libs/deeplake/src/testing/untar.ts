import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const BLOCK = 512;

interface TarEntry {
  readonly path: string;
  readonly type: string;
  readonly mtimeSeconds: number;
  readonly content: Uint8Array;
}

/** Unpacks a tar.gz into an existing folder, with the archive's file times. Plain ustar and GNU long names only: what our fixtures use. */
export async function unpackTarGz(archive: Uint8Array, folder: string): Promise<void> {
  for (const entry of tarEntries(gunzipSync(archive))) {
    if (entry.path.split('/').includes('..')) throw new Error(`${entry.path} leaves the archive`);
    const target = join(folder, entry.path);
    if (entry.type === '5') await mkdir(target, { recursive: true });
    if (entry.type !== '0' && entry.type !== '\0') continue;
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, entry.content);
    await utimes(target, entry.mtimeSeconds, entry.mtimeSeconds);
  }
}

export function* tarEntries(tar: Uint8Array): Generator<TarEntry> {
  let longName: string | undefined;
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0; ) {
    const header = tar.subarray(at, at + BLOCK);
    const size = octal(header, 124, 12);
    const content = tar.subarray(at + BLOCK, at + BLOCK + size);
    const type = String.fromCharCode(header[156]!);
    if (type === 'L') longName = text(content, 0, content.length);
    else {
      yield { path: longName ?? nameOf(header), type, mtimeSeconds: octal(header, 136, 12), content };
      longName = undefined;
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
}

function nameOf(header: Uint8Array): string {
  const prefix = text(header, 257, 5) === 'ustar' ? text(header, 345, 155) : '';
  const name = text(header, 0, 100);
  return prefix === '' || text(header, 257, 8) === 'ustar  ' ? name : `${prefix}/${name}`;
}

function text(bytes: Uint8Array, start: number, length: number): string {
  const field = bytes.subarray(start, start + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

function octal(bytes: Uint8Array, start: number, length: number): number {
  return Number.parseInt(text(bytes, start, length).trim() || '0', 8);
}
