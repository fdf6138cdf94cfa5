import type { BigIntStats } from 'node:fs';
import type { SourceFile, SourceKind } from './source-folder.ts';

/** What lstat or fstat says about an entry. */
export function sourceEntry(path: string, found: BigIntStats): SourceFile {
  return {
    path,
    kind: kindOf(found),
    size: Number(found.size),
    mode: Number(found.mode & 0o7777n),
    uid: Number(found.uid),
    gid: Number(found.gid),
    mtimeNs: found.mtimeNs,
    ctimeNs: found.ctimeNs,
    ino: found.ino,
  };
}

function kindOf(found: BigIntStats): SourceKind {
  if (found.isFile()) return 'file';
  if (found.isDirectory()) return 'dir';
  return found.isSymbolicLink() ? 'symlink' : 'special';
}
