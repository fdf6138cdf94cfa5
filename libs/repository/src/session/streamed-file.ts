import { BadRequest } from '../errors.ts';
import { sha256 } from '../format/hashes.ts';
import { decodeEntry, encodeEntry, PIECES_PER_FILE_MAX } from '../format/tree-entry.ts';
import type { CaptureFile, Chunker, TreePiece } from '../types.ts';

interface Part {
  readonly digest: string;
  readonly piece: TreePiece;
  /** The entry that the part would have as a file: it is the whole file when it is the only part. */
  readonly entry: Uint8Array;
}

const WHOLE: Chunker = { name: 'fixed', version: 1, size: 4 * 1024 * 1024, from: 0 };

/** One file put together from parts that were captured as if each were a file of one piece. */
export class StreamedFile {
  readonly #file: CaptureFile;
  readonly #parts: Part[] = [];
  #begun = 0;
  size = 0;

  constructor(file: CaptureFile) {
    this.#file = file;
  }

  /** The next part, as a file. @throws BadRequest for more than a tree entry holds. */
  begin(content: Uint8Array): { number: number; part: CaptureFile } {
    if (this.#begun >= PIECES_PER_FILE_MAX)
      throw new BadRequest(`${this.#file.path} has more than ${this.size} bytes; this version stores no longer files`);
    this.size += content.length;
    const { stream: _, ...head } = this.#file;
    return { number: this.#begun++, part: { ...head, size: content.length, content: new Uint8Array(content), chunker: WHOLE } };
  }

  /** In any order. */
  captured(number: number, entry: Uint8Array): void {
    const { digest, pieces } = decodeEntry(this.#file.path, entry);
    this.#parts[number] = { digest: digest!, piece: pieces[0] ?? { id: '', length: 0 }, entry: Uint8Array.from(entry) };
  }

  /** Its entry, when all parts are captured. The file's digest is made of those of its pieces, as of any file. */
  entry(): Uint8Array {
    if (this.#parts.length === 1) return this.#parts[0]!.entry;
    const pieces = this.#parts.map(({ piece }) => ({ id: Buffer.from(piece.id, 'hex'), length: piece.length }));
    const digest = sha256(Buffer.concat(this.#parts.map((part) => Buffer.from(part.digest, 'hex'))));
    const chunker = { name: 'cuts', version: 1, cuts: [] } as const;
    return encodeEntry({ ...this.#file, kind: 'file', racy: false, size: this.size, digest, pieces, chunker }).view();
  }
}
