import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

export interface Comparison {
  /** Files that are there on both sides with the same bytes. */
  same: number;
  bytes: number;
  /** Paths that differ or are missing on one side. */
  different: string[];
}

/** Compares two folders file by file, byte for byte, but for the paths that `takesPart` leaves out (what a restore writes anew). */
export function compareFolders(left: string, right: string, takesPart: (path: string) => boolean): Comparison {
  const [ours, theirs] = [left, right].map((folder) => new Set(filesBelow(folder).filter(takesPart)));
  const result: Comparison = { same: 0, bytes: 0, different: [] };
  for (const path of new Set([...ours!, ...theirs!])) {
    const content = ours!.has(path) && theirs!.has(path) ? readFileSync(join(left, path)) : undefined;
    if (content?.equals(readFileSync(join(right, path)))) {
      result.same += 1;
      result.bytes += content.length;
    } else result.different.push(path);
  }
  return result;
}

function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((e) => e.isFile()).map((e) => relative(folder, join(e.parentPath, e.name)));
}
