import { sha256 } from '../format/hashes.ts';
import type { PieceReader } from '../index/piece-reader.ts';
import { type NeededRecord, NeededRecords, usesOf } from '../restore/needed-records.ts';
import { entryOf, rootId, walkPages } from '../tree/walk-tree.ts';
import type { PieceId, TreeEntry } from '../types.ts';
import type { Findings } from './findings.ts';

interface CheckedFile {
  readonly path: string;
  readonly size: number;
  /** As the tree has it. Of a file of one piece that is the SHA-256 of the piece. */
  readonly digest: Uint8Array;
  /** SHA-256 of its pieces, as they come in; missing when it is one. */
  readonly inner?: Uint8Array;
  missing: number;
  damaged: boolean;
}

/** The files of a backup and the records they need; digests are put together as records are checked. */
export class NeededFiles {
  readonly records = new NeededRecords();
  readonly #reader: PieceReader;
  readonly #findings: Findings;
  readonly #files: CheckedFile[] = [];
  #inline = { objects: 0, bytes: 0 };
  /** What cannot be checked, since the repository does not hold it. */
  readonly pinned = { objects: 0, bytes: 0 };

  constructor(reader: PieceReader, findings: Findings) {
    this.#reader = reader;
    this.#findings = findings;
  }

  /** Bytes of the files with pieces. */
  get bytes(): number {
    return this.#files.reduce((sum, { size }) => sum + size, 0);
  }

  get count(): number {
    return this.#files.length;
  }

  /** Reads a tree; a page that cannot be read is a finding, and the rest goes on. */
  async addTree(datasetId: string, root: PieceId, signal?: AbortSignal): Promise<void> {
    const tree = `${datasetId}/ (its file tree)`;
    const onLost = (error: unknown): void => this.#findings.addError(this.#reader.scope.names.packs, error, tree);
    const onPage = (id: Uint8Array): void => {
      const copy = this.#reader.index.pieces.copyOf(id);
      if (copy) this.records.add(new Uint8Array(id), copy);
    };
    try {
      for await (const leaves of walkPages((id) => this.#reader.read(id), rootId(root), { onLost, onPage })) {
        signal?.throwIfAborted();
        for (const leaf of leaves) this.#addEntry(datasetId, entryOf(leaf));
      }
    } catch (error) {
      signal?.throwIfAborted();
      onLost(error);
    }
  }

  /** Takes in what reading a record gave: the SHA-256 of its piece, or that it failed. */
  checked(record: NeededRecord, inner: Uint8Array | undefined): void {
    for (let use = 0; use < record.uses.length; use += 2) {
      const file = this.#files[record.uses[use]!]!;
      file.missing--;
      if (inner) file.inner?.set(inner, 32 * record.uses[use + 1]!);
      else file.damaged = true;
      if (file.missing === 0 && inner) this.#checkDigest(file, file.inner ? sha256(file.inner) : inner);
    }
  }

  /** Paths that need a record, as it is or as the base of a delta. */
  *pathsOf(record: NeededRecord): Generator<string> {
    for (const { slot } of usesOf(record)) yield this.#files[slot]!.path;
  }

  /** Files whose every byte was read and found right (`read`), or whose every piece was found. */
  totals(read: boolean): { objects: number; bytes: number } {
    const good = this.#files.filter((file) => !file.damaged && (!read || file.missing === 0));
    return { objects: this.#inline.objects + good.length, bytes: this.#inline.bytes + good.reduce((sum, { size }) => sum + size, 0) };
  }

  #addEntry(datasetId: string, entry: TreeEntry): void {
    if (entry.kind !== 'file') return;
    if (entry.pieces.length === 0) {
      const sum = entry.pinned ? this.pinned : this.#inline;
      sum.objects++;
      sum.bytes += entry.size;
      return;
    }
    const { size, pieces } = entry;
    const path = `${datasetId}/${entry.path}`;
    const file: CheckedFile = {
      path,
      size,
      digest: Buffer.from(entry.digest!, 'hex'),
      ...(pieces.length > 1 && { inner: new Uint8Array(32 * pieces.length) }),
      missing: pieces.length,
      damaged: false,
    };
    const slot = this.#files.push(file) - 1;
    for (const [at, piece] of pieces.entries()) this.#addPiece(Buffer.from(piece.id, 'hex'), slot, at, file);
  }

  #addPiece(id: Buffer, slot: number, at: number, file: CheckedFile): void {
    const copy = this.#reader.index.pieces.copyOf(id);
    if (copy) {
      this.records.add(id, copy, { slot, at });
      return;
    }
    file.damaged = true;
    this.#findings.addError(this.#reader.scope.names.index, this.#reader.unresolved(id, [file.path]), file.path);
  }

  #checkDigest(file: CheckedFile, digest: Uint8Array): void {
    if (file.damaged || Buffer.compare(digest, file.digest) === 0) return;
    file.damaged = true;
    this.#findings.add(
      this.#reader.scope.names.packs,
      'damaged',
      `The pieces of ${file.path} are whole but do not give its digest.`,
      file.path,
    );
  }
}
