import { type ChunkEntry, parseChunkSet } from '../v3/chunk-owners.ts';
import { chunkOf, chunkPath, commitFolder, commitOf, FIRST_COMMIT } from '../v3/paths.ts';
import type { VersionTree } from '../v3/version-tree.ts';

/** Commits that are looked back at for the owner of a chunk; one that was written earlier still is found as the first commit's, or not at all. */
const COMMITS_MAX = 2_000;
/** Owners that are named; of those further back the first commit only. */
const OWNERS_MAX = 2;

export interface ReadSource {
  read(path: string): Promise<Uint8Array>;
}

/**
 * Where the bytes of a chunk lay before: a commit that updates a row writes the whole chunk again under its own folder, by the same name. The nearest
 * owner comes first; last the chunk's own path, which may hold an older form of it in the last backup. Source: DEEPLAKE.md sections 1.2 and 1.4.
 */
export class EarlierChunks {
  readonly #source: ReadSource;
  readonly #tree: () => Promise<VersionTree>;
  /** By commit and tensor; one that cannot be read counts as empty. */
  readonly #sets = new Map<string, Promise<ReadonlyMap<string, ChunkEntry>>>();

  /** @param tree the version tree as it is when it is first asked for. */
  constructor(source: ReadSource, tree: () => Promise<VersionTree>) {
    this.#source = source;
    this.#tree = tree;
  }

  /** Nothing for a path that is no chunk's. What cannot be read costs space only: it rejects only when the tree does. */
  async of(path: string): Promise<string[]> {
    const chunk = chunkOf(path);
    if (!chunk) return [];
    const owners: string[] = [];
    const { commits } = await this.#tree();
    let commit = commits.get(commitOf(path))?.parent;
    for (let looks = 0; commit !== undefined && commit !== FIRST_COMMIT && looks < COMMITS_MAX && owners.length < OWNERS_MAX; looks++) {
      const entry = (await this.#set(commit, chunk.tensor)).get(chunk.name);
      if (entry) owners.push(chunkPath(entry.commit ?? commit, entry.tensor ?? chunk.tensor, chunk.name));
      commit = commits.get(commit)?.parent;
    }
    return [...new Set([...owners, chunkPath('', chunk.tensor, chunk.name), path])];
  }

  #set(commit: string, tensor: string): Promise<ReadonlyMap<string, ChunkEntry>> {
    const path = `${commitFolder(commit)}${tensor}/chunk_set`;
    const known = this.#sets.get(path) ?? this.#readSet(path);
    this.#sets.set(path, known);
    return known;
  }

  async #readSet(path: string): Promise<ReadonlyMap<string, ChunkEntry>> {
    try {
      const entries = parseChunkSet(new TextDecoder().decode(await this.#source.read(path)));
      return new Map(entries.map((entry) => [entry.name, entry]));
    } catch {
      return new Map();
    }
  }
}
