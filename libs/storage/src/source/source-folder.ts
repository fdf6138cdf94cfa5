import type { ByteRange } from '../object-store.ts';
import type { SourceUnavailable } from './errors.ts';

export type SourceKind = 'file' | 'dir' | 'symlink' | 'special';

/** Why a name cannot be trusted to come back everywhere as it is. */
export interface SourceNameProblem {
  /** 'source.name_not_utf8': `path` is only a rendering (bad bytes as \xNN) and cannot be opened. 'source.name_not_nfc': it can, but two spellings look alike. */
  code: 'source.name_not_utf8' | 'source.name_not_nfc';
  message: string;
}

/** Where a symlink leads cannot be written down as text, so it would come back changed. */
export interface SourceLinkProblem {
  code: 'source.target_not_utf8';
  message: string;
}

/** Told of a folder, or an entry of one, that the system refuses to read. */
export type OnUnreadable = (path: string, error: SourceUnavailable) => void;

/** One entry below a source folder, as lstat sees it. */
export interface SourceFile {
  /** Below the root, '/'-separated, no leading '/'. */
  path: string;
  kind: SourceKind;
  /** Bytes. */
  size: number;
  /** Permission bits only (0o7777). */
  mode: number;
  uid: number;
  gid: number;
  mtimeNs: bigint;
  ctimeNs: bigint;
  ino: bigint;
  /** What a symlink says; never followed. Absent when that is not UTF-8 (`linkProblem`). */
  linkTarget?: string;
  linkProblem?: SourceLinkProblem;
  nameProblem?: SourceNameProblem;
}

/** An opened regular file that was proven to lie below the root. */
export interface SourceHandle {
  readonly path: string;
  /** Fills `buffer` from `position`; @returns how many bytes there were (less than its length only at the end of the file). @throws SourceUnavailable. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  stat(): Promise<SourceFile>;
  close(): Promise<void>;
}

/** A SourceHandle for worker threads, which may block: several times cheaper on many small files. */
export interface SyncSourceHandle {
  readonly path: string;
  read(buffer: Uint8Array, position: number): number;
  stat(): SourceFile;
  close(): void;
}

/**
 * Read side: a folder of the source root. Symlinks are reported and never followed, neither as the last part of a path nor on the way to it;
 * special files are reported and never opened. Paths are relative to the root, NUL-free, without '.', '..' or empty parts (else SourceOutside).
 */
export interface SourceFolder {
  /** Absolute, without symlinks. */
  readonly root: string;
  /**
   * Every entry below `prefix` (a folder, '' = root; the folder itself is not listed) in the byte order of their UTF-8 paths, folders
   * included, in pages of at most LIST_PAGE_MAX. Entries that vanish meanwhile are left out. What the system refuses to read below (permissions,
   * a failing disk) is told to `onUnreadable` and left out; without it, it is an error.
   * @throws SourceMissing (no such folder), SourceUnavailable.
   */
  list(prefix?: string, onUnreadable?: OnUnreadable): AsyncIterable<SourceFile[]>;
  /** One entry, undefined when there is none. @throws SourceOutside when a symlink lies on the way. */
  stat(path: string): Promise<SourceFile | undefined>;
  /** Entries of one folder in byte order, not those below them. `path` is that of each entry from the root. @throws SourceMissing, SourceUnavailable. */
  readdir(path?: string): Promise<SourceFile[]>;
  /** @throws SourceMissing, SourceNotAFile, SourceOutside, SourceUnavailable, RangeOutside (as ObjectStore.read). The caller owns the buffer. */
  read(path: string, range?: ByteRange): Promise<Uint8Array>;
  /** @throws SourceMissing, SourceNotAFile, SourceOutside, SourceUnavailable. */
  open(path: string): Promise<SourceHandle>;
  /** As `open`, blocking; for worker threads. */
  openSync(path: string): SyncSourceHandle;
}
