import type { ByteRange } from '@dr/storage';

/** A listed entry. `SourceFile` and the entries of a repository folder both fit. No `kind` means 'file'. */
export interface ListedFile {
  readonly path: string;
  readonly size: number;
  readonly kind?: string;
  readonly mtimeMs?: number;
  readonly mtimeNs?: bigint;
  /** Of a snapshot: it is known that this file was there, and its bytes cannot be read here. Checks of its content are left out. */
  readonly pinned?: boolean;
}

/**
 * What the checks need of a data set, wherever it lies: a folder of the source, or a tree of a backup.
 * Paths are relative to the data set, with '/'. Nothing is cached behind it: a caller may wrap one that is.
 */
export interface DatasetView {
  /** Everything below `prefix` (all when absent), in pages, in any order. */
  list(prefix?: string): AsyncIterable<readonly ListedFile[]>;
  /** Bytes [start, end), the whole file without a range. Rejects when the file is not there or the range leaves it. */
  read(path: string, range?: ByteRange): Promise<Uint8Array>;
}
