import { DrError, type SourceFolder, type SyncSourceHandle } from '@dr/storage';
import { cutsOf, type NextCut } from '../chunkers/chunker.ts';
import { v3HeaderEnd } from '../chunkers/v3-header.ts';
import { Malformed } from '../errors.ts';
import type { DeltaBase } from '../format/delta.ts';
import { type PieceNaming, sha256 } from '../format/hashes.ts';
import { recordOpener } from '../format/pack-reader.ts';
import { release } from '../format/release.ts';
import type { KnownPieces } from '../index/known-pieces.ts';
import type { Chunker } from '../types.ts';
import type { EarlierForm, SealedPiece } from './messages.ts';

export interface EarlierParts {
  readonly known: KnownPieces;
  readonly naming: PieceNaming;
  /** Asks the main thread for a full copy of a piece; undefined when none can be read. */
  readonly sealedPiece: (id: Uint8Array) => Promise<SealedPiece | undefined>;
}

/**
 * Finds, for the pieces of one file, those of its earlier forms that a delta may rest on: full copies in packs that count. Pieces are matched by their
 * number, so forms that were cut at other places find nothing that is worth keeping. A form that cannot be read is as good as none.
 */
export class EarlierPieces {
  readonly #parts: EarlierParts;
  readonly #forms: readonly EarlierForm[];
  readonly #folder: SourceFolder;
  readonly #chunker: Chunker;
  readonly #opened = new Map<string, OpenedForm | undefined>();

  constructor(parts: EarlierParts, forms: readonly EarlierForm[], folder: SourceFolder, chunker: Chunker) {
    this.#parts = parts;
    this.#forms = forms;
    this.#folder = folder;
    this.#chunker = chunker;
  }

  /** The base for piece `number`, in memory of its own. */
  async baseOf(number: number): Promise<DeltaBase | undefined> {
    for (const { path, pieces } of this.#forms) {
      const base = (path && this.#fromSource(path, number)) || (pieces && (await this.#fromRepository(pieces, number)));
      if (base) return base;
    }
    return undefined;
  }

  close(): void {
    for (const form of this.#opened.values()) form?.close();
    this.#opened.clear();
  }

  /** Bytes that lie in the source still: named by their content, so it does not matter when they were written. */
  #fromSource(path: string, number: number): DeltaBase | undefined {
    const bytes = this.#form(path)?.piece(number);
    if (!bytes) return undefined;
    const id = this.#parts.naming.id(sha256(bytes));
    if (this.#isBase(id)) return { id, bytes };
    release(bytes);
    return undefined;
  }

  async #fromRepository(pieces: Uint8Array, number: number): Promise<DeltaBase | undefined> {
    const id = pieces.subarray(32 * number, 32 * number + 32);
    if (id.length === 0 || !this.#isBase(id)) return undefined;
    const sealed = await this.#parts.sealedPiece(id);
    const bytes = sealed && opened(id, sealed);
    return bytes && Buffer.compare(this.#parts.naming.id(sha256(bytes)), id) === 0 ? { id, bytes } : undefined;
  }

  /** A full copy in a pack of the index that counts: what this session stores may be a delta itself, or not yet be durable. */
  #isBase(id: Uint8Array): boolean {
    return typeof this.#parts.known.find(id) === 'number';
  }

  #form(path: string): OpenedForm | undefined {
    if (!this.#opened.has(path)) this.#opened.set(path, OpenedForm.open(this.#folder, path, this.#chunker));
    return this.#opened.get(path);
  }
}

function opened(id: Uint8Array, { key, belonging, kind, record, bytes }: SealedPiece): Uint8Array | undefined {
  try {
    return recordOpener(key, belonging, kind)(id, record, bytes);
  } catch (cause) {
    if (cause instanceof Malformed) return undefined;
    throw cause;
  }
}

/** An earlier form in the source, cut as the file itself is. */
class OpenedForm {
  readonly #handle: SyncSourceHandle;
  readonly #size: number;
  readonly #next: NextCut;
  /** Where its pieces start, as far as they were asked for. */
  readonly #starts = [0];

  private constructor(handle: SyncSourceHandle, chunker: Chunker) {
    this.#handle = handle;
    this.#size = handle.stat().size;
    this.#next = cutsOf(chunker, this.#size, () => v3HeaderEnd((position, length) => this.#read(position, length), this.#size));
  }

  static open(folder: SourceFolder, path: string, chunker: Chunker): OpenedForm | undefined {
    return orNothing(() => {
      const handle = folder.openSync(path);
      try {
        return new OpenedForm(handle, chunker);
      } catch (cause) {
        handle.close();
        throw cause;
      }
    });
  }

  piece(number: number): Buffer | undefined {
    while (this.#starts.length <= number + 1 && this.#starts.at(-1)! < this.#size) this.#starts.push(this.#next(this.#starts.at(-1)!));
    const [start, end] = [this.#starts[number], this.#starts[number + 1]];
    if (start === undefined || end === undefined) return undefined;
    return orNothing(() => this.#read(start, end - start));
  }

  close(): void {
    this.#handle.close();
  }

  #read(position: number, length: number): Buffer {
    const buffer = Buffer.allocUnsafeSlow(length);
    return buffer.subarray(0, this.#handle.read(buffer, position));
  }
}

function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof DrError) return undefined;
    throw cause;
  }
}
