import { mapConcurrent } from '../concurrency.ts';
import { Ancestry, ChunkOwners, parseChunkSet } from './chunk-owners.ts';
import type { DatasetFiles } from './dataset-files.ts';
import type { VersionTree } from './version-tree.ts';

const READS_AT_ONCE = 8;
const CHUNK_SET = /^(?:versions\/([^/]+)\/)(.+)\/chunk_set$/;

/** Reads the chunk set of every tensor of every commit. One that cannot be read is told to `broken` and counts as empty. */
export async function readChunkSets(
  files: DatasetFiles,
  tree: VersionTree,
  broken: (path: string, reason: string) => void,
): Promise<ChunkOwners> {
  const owners = new ChunkOwners(new Ancestry(tree));
  const sets = [...files.listing.sizes].flatMap(([full, size]) => {
    const match = size > 0 && full.startsWith(files.prefix) ? CHUNK_SET.exec(full.slice(files.prefix.length)) : undefined;
    return match ? [{ path: full.slice(files.prefix.length), commit: match[1]!, tensor: match[2]! }] : [];
  });
  await mapConcurrent(sets, READS_AT_ONCE, async ({ path, commit, tensor }) => {
    try {
      owners.add(commit, tensor, parseChunkSet(new TextDecoder().decode(await files.read(path))));
    } catch (error) {
      broken(path, `the chunk set cannot be read: ${String(error)}`);
    }
  });
  return owners;
}
