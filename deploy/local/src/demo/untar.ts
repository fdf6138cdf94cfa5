import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { StartError } from '../start-error.ts';

const block = 512;

/**
 * Unpacks the folders and plain files of a tar.gz that we ship, so that no `tar` is needed. Source: POSIX ustar.
 * @param folder inside the archive: only what lies below it, without it.
 */
export function untar(archive: string, folder: string, target: string): void {
  const bytes = gunzipSync(readFileSync(archive));
  for (let at = 0; at < bytes.length && bytes[at] !== 0; ) {
    const { name, size, type, modifiedAt } = header(bytes.subarray(at, at + block));
    const content = bytes.subarray(at + block, at + block + size);
    at += block + Math.ceil(size / block) * block;
    if (!name.startsWith(`${folder}/`)) continue;
    const path = join(target, name.slice(folder.length + 1));
    if (type === '5') mkdirSync(path, { recursive: true });
    else if (type === '0') writeEntry(path, content, modifiedAt);
    else throw new StartError('local.tar', `${archive} holds ${name} of type ${type}, which our reader does not know.`);
  }
}

function header(bytes: Buffer) {
  const text = (from: number, length: number) => bytes.toString('utf8', from, from + length).replace(/\0.*$/s, '');
  const octal = (from: number, length: number) => Number.parseInt(text(from, length).trim() || '0', 8);
  const prefix = text(257, 6) === 'ustar' && bytes[262] === 0 ? text(345, 155) : '';
  return {
    name: prefix ? `${prefix}/${text(0, 100)}` : text(0, 100),
    size: octal(124, 12),
    type: text(156, 1) || '0',
    modifiedAt: octal(136, 12),
  };
}

function writeEntry(path: string, content: Buffer, modifiedAt: number): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  utimesSync(path, modifiedAt, modifiedAt);
}
