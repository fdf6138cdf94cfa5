import { hash } from 'node:crypto';
import type { CaptureFile, Chunker } from '../types.ts';

/** The passphrase of the frozen repository. */
export const GOLDEN_PASSPHRASE = 'golden, never to be used';
export const GOLDEN_FOLDER = new URL('../../fixtures/golden/v1/', import.meta.url);

/** Bytes that follow from a name alone: SHA-256 in counter mode. */
export function bytesOf(name: string, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) => hash('sha256', `${name} ${i}`, 'buffer'));
  return Buffer.concat(blocks).subarray(0, length);
}

/** A Deep Lake v3 chunk: one shape row, one position row, then data. */
function v3Chunk(data: Buffer): Buffer {
  const head = Buffer.alloc(1 + 6 + 8 + 8 + 4 + 12);
  head[0] = 6;
  head.write('3.9.52', 1, 'latin1');
  head.writeInt32LE(1, 7);
  head.writeInt32LE(2, 11);
  head.writeUInt32LE(1, 23);
  return Buffer.concat([head, data]);
}

const identity = {
  mode: 0o644,
  uid: 1000,
  gid: 1000,
  mtimeNs: 1_700_000_000_123_456_000n,
  ctimeNs: 1_700_000_000_500_000_000n,
  ino: 2n ** 60n + 1n,
};

const file = (path: string, content: Buffer, chunker?: Chunker): CaptureFile => ({
  ...identity,
  path,
  kind: 'file',
  size: content.length,
  content,
  chunker,
  etag: path === 'fixed' ? '"an-etag"' : undefined,
});

/** Every kind of entry and every chunker. */
export const goldenFiles = (): CaptureFile[] => [
  { ...identity, path: 'folder', kind: 'dir', size: 0, mode: 0o750 },
  { ...identity, path: 'empty-folder', kind: 'dir', size: 0, mode: 0o755 },
  { ...identity, path: 'folder/link', kind: 'symlink', size: 0, linkTarget: '../inline.json' },
  file('empty', Buffer.alloc(0)),
  file('inline.json', Buffer.from('{"rows": 3}')),
  file('folder/meta.bin', bytesOf('meta', 3000)),
  file('folder/text.txt', Buffer.from('to be compressed, '.repeat(400))),
  file('fixed', bytesOf('fixed', 40_000), { name: 'fixed', version: 1, size: 10_000, from: 123 }),
  file('cuts', bytesOf('cuts', 20_000), { name: 'cuts', version: 1, cuts: [5000, 5001, 17_000] }),
  file('chunks/v3', v3Chunk(bytesOf('v3', 25_000)), { name: 'v3-chunk', version: 1, size: 8000 }),
  file('ünïcode/☃ 𝄞', bytesOf('unicode', 600)),
];

/** A repository of its own, with a snapshot that pins. */
export const GOLDEN_PINNED_FOLDER = new URL('../../fixtures/golden/pinned/', import.meta.url);

/** The golden files as a later snapshot lists them: metadata is read, one file is as the full has it, one was changed since, two are new. */
export function pinnedFiles(): CaptureFile[] {
  const named = (path: string): CaptureFile => goldenFiles().find((found) => found.path === path)!;
  const listed = (path: string): CaptureFile => ({ ...named(path), content: undefined, pin: true });
  return [
    named('folder'),
    named('folder/link'),
    named('inline.json'),
    named('folder/meta.bin'),
    listed('fixed'),
    { ...listed('cuts'), mtimeNs: identity.mtimeNs + 1n },
    { ...listed('empty'), path: 'new/pinned', size: 2 ** 33 + 5 },
    { ...listed('fixed'), path: 'new/with-etag', etag: '"another-etag"' },
  ];
}
