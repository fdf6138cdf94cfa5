/** Names of files in a v3 data set. Source: DEEPLAKE.md section 1.1. */
export const FIRST_COMMIT = 'firstdbf9474d461a19e9333c2fd19b46115348f';
export const VERSION_INFO = 'version_control_info.json';
export const DATASET_META = 'dataset_meta.json';
export const QUERIES_ROOT = '.queries';

const VERSION_PATH = /^versions\/([^/]+)\//;
const CHUNK_PATH = /^(?:versions\/[^/]+\/)?(.+)\/chunks\/([0-9a-f]{1,16})$/;

/** Folder of a commit with a trailing '/', '' for the first one (id or ''), which lies at the root. */
export function commitFolder(commit: string): string {
  return commit === FIRST_COMMIT || commit === '' ? '' : `versions/${commit}/`;
}

/** The commit in whose folder a path lies: everything outside `versions/` belongs to the first one. */
export function commitOf(path: string): string {
  return VERSION_PATH.exec(path)?.[1] ?? FIRST_COMMIT;
}

/** Tensor key and chunk name when the path is that of a chunk. Saved views below `.queries/` count as tensors of their own. */
export function chunkOf(path: string): { tensor: string; name: string } | undefined {
  const match = CHUNK_PATH.exec(path);
  return match ? { tensor: match[1]!, name: match[2]! } : undefined;
}

const INDEX_PATH = /(?:^|\/)vdb_indexes\//;

/** Chunks, and the vector indexes of the closed library, which can be built again: what is known of neither from its own bytes alone. */
export function isDataFile(path: string): boolean {
  return chunkOf(path) !== undefined || INDEX_PATH.test(path);
}

export function isLock(path: string): boolean {
  return path.endsWith('.lock');
}

export function chunkPath(commit: string, tensor: string, name: string): string {
  return `${commitFolder(commit)}${tensor}/chunks/${name}`;
}
