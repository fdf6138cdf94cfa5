import type { ChunkContext } from './check-tensor.ts';
import { chunkOf, commitOf, FIRST_COMMIT, QUERIES_ROOT } from './paths.ts';
import type { VersionTree } from './version-tree.ts';

export interface Orphans {
  readonly chunks: number;
  readonly folders: number;
  readonly files: number;
  readonly bytes: number;
  readonly first: string | undefined;
}

/** W3: chunks that no commit refers to, and version folders that the tree does not name. Call after every commit was checked. */
export function countOrphans({ files, facts }: ChunkContext, tree: VersionTree): Orphans {
  const folders = new Set<string>();
  const found = { chunks: 0, files: 0, bytes: 0, first: undefined as string | undefined };
  for (const [full, size] of files.listing.sizes) {
    if (!full.startsWith(files.prefix)) continue;
    const path = full.slice(files.prefix.length);
    if (path.startsWith(`${QUERIES_ROOT}/`)) continue;
    const commit = commitOf(path);
    const inOrphanFolder = commit !== FIRST_COMMIT && !tree.commits.has(commit) && !facts.has(path);
    const orphanChunk = chunkOf(path) !== undefined && !facts.has(path);
    if (!inOrphanFolder && !orphanChunk) continue;
    if (inOrphanFolder) folders.add(commit);
    else found.chunks++;
    found.files++;
    found.bytes += size;
    found.first ??= full;
  }
  return { ...found, folders: folders.size };
}
