import { type ByteRange, RangeOutside } from '@dr/storage';
import type { RepositoryFile, RepositoryFolder } from '../api.ts';
import { PathUnknown, PinnedOnly } from '../errors.ts';
import { release } from '../format/release.ts';
import type { PieceReader } from '../index/piece-reader.ts';
import type { PieceId, TreeEntry } from '../types.ts';
import { entryOf, rootId, walkEntries, walkPages } from './walk-tree.ts';

/** A tree read as a source folder is. */
export class TreeFolder implements RepositoryFolder {
  readonly #reader: PieceReader;
  readonly #root: PieceId;

  constructor(reader: PieceReader, root: PieceId) {
    this.#reader = reader;
    this.#root = root;
  }

  async *list(prefix = ''): AsyncGenerator<RepositoryFile[]> {
    for await (const page of walkPages((id) => this.#reader.read(id), rootId(this.#root), { under: prefix })) {
      const entries = page.map((leaf) => listed(entryOf(leaf))).filter(({ path }) => path !== prefix);
      if (entries.length > 0) yield entries;
    }
  }

  async stat(path: string): Promise<RepositoryFile | undefined> {
    const entry = await findEntry(this.#reader, this.#root, path);
    return entry && listed(entry);
  }

  async readdir(path = ''): Promise<RepositoryFile[]> {
    const depth = path === '' ? 0 : path.split('/').length;
    const found = new Map<string, RepositoryFile>();
    for await (const page of this.list(path)) {
      for (const entry of page) {
        const parts = entry.path.split('/');
        const child = parts.slice(0, depth + 1).join('/');
        if (parts.length === depth + 1) found.set(child, entry);
        else if (!found.has(child))
          found.set(child, { ...entry, path: child, kind: 'dir', size: 0, mode: 0o755, linkTarget: undefined, pinned: undefined });
      }
    }
    return [...found.values()];
  }

  read(path: string, range?: ByteRange): Promise<Uint8Array> {
    return readFile(this.#reader, this.#root, path, range);
  }
}

export async function findEntry(reader: PieceReader, root: PieceId, path: string): Promise<TreeEntry | undefined> {
  for await (const entry of walkEntries(reader, rootId(root), { under: path })) return entry.path === path ? entry : undefined;
  return undefined;
}

/** Bytes [start, end) of a file; only the pieces that hold them are read. @throws PathUnknown, PinnedOnly, RangeOutside, Damaged. */
export async function readFile(reader: PieceReader, root: PieceId, path: string, range?: ByteRange): Promise<Uint8Array> {
  const entry = await findEntry(reader, root, path);
  if (entry?.kind !== 'file') throw new PathUnknown(path, root);
  return readEntry(reader, entry, range);
}

/** As readFile, of a file whose entry is at hand. @throws PinnedOnly, RangeOutside, Damaged. */
export async function readEntry(reader: PieceReader, entry: TreeEntry, range?: ByteRange): Promise<Uint8Array> {
  const { path } = entry;
  if (entry.pinned) throw new PinnedOnly(path);
  const { start, end } = range ?? { start: 0, end: entry.size };
  if (range && (start < 0 || start >= end || end > entry.size)) throw new RangeOutside(path, { start, end }, entry.size);
  if (entry.inline) return new Uint8Array(entry.inline.subarray(start, end));
  return readPieces(reader, entry, start, end);
}

async function readPieces(reader: PieceReader, entry: TreeEntry, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start);
  let offset = 0;
  for (const { id, length } of entry.pieces) {
    const [from, to] = [Math.max(start, offset), Math.min(end, offset + length)];
    if (from < to) {
      const piece = await reader.read(Buffer.from(id, 'hex'), [entry.path]);
      bytes.set(piece.subarray(from - offset, to - offset), from - start);
      release(piece);
    }
    offset += length;
  }
  return bytes;
}

function listed(entry: TreeEntry): RepositoryFile {
  const { path, kind, size, mode, uid, gid, mtimeNs, ctimeNs, ino, linkTarget, pinned } = entry;
  const mtimeMs = Number(mtimeNs / 1000n) / 1000;
  return { path, kind, size, mode, uid, gid, mtimeNs, ctimeNs, ino, linkTarget, mtimeMs, ...(pinned && { pinned }) };
}
