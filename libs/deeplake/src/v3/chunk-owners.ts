import { chunkPath } from './paths.ts';
import type { VersionTree } from './version-tree.ts';

/** Where a chunk of a `chunk_set` lies: in the folder of the commit that lists it, or where a merge says. */
export interface ChunkEntry {
  readonly name: string;
  readonly commit: string | undefined;
  readonly tensor: string | undefined;
}

/** Parses a `chunk_set`: comma list of `name`, `name:commit` or `name:commit:tensorKey`; no bytes = empty. Source: DEEPLAKE.md section 1.1. */
export function parseChunkSet(text: string): ChunkEntry[] {
  if (text === '') return [];
  return text.split(',').map((entry) => {
    const [name, commit, ...key] = entry.split(':');
    return { name: name!, commit: commit || undefined, tensor: key.join(':') || undefined };
  });
}

/** Who is whose ancestor in the commit tree, by parent pointers; nodes that damage put on a cycle are ancestors of themselves only. */
export class Ancestry {
  readonly #enter = new Map<string, number>();
  readonly #leave = new Map<string, number>();

  constructor(tree: VersionTree) {
    const children = Map.groupBy(tree.commits.values(), (node) =>
      node.parent !== undefined && tree.commits.has(node.parent) ? node.parent : '',
    );
    let clock = 0;
    const open: { id: string; done: boolean }[] = (children.get('') ?? []).map(({ id }) => ({ id, done: false }));
    for (let next = open.pop(); next; next = open.pop()) {
      if (next.done) {
        this.#leave.set(next.id, clock++);
        continue;
      }
      this.#enter.set(next.id, clock++);
      open.push({ id: next.id, done: true }, ...(children.get(next.id) ?? []).map(({ id }) => ({ id, done: false })));
    }
  }

  isAncestorOrSelf(ancestor: string, commit: string): boolean {
    if (ancestor === commit) return true;
    const [a, c] = [this.#enter.get(ancestor), this.#enter.get(commit)];
    return a !== undefined && c !== undefined && a < c && this.#leave.get(commit)! < this.#leave.get(ancestor)!;
  }

  /** Of two ancestors of the same commit, the deeper one was entered later. */
  order(commit: string): number {
    return this.#enter.get(commit) ?? 0;
  }
}

interface Owner {
  readonly commit: string;
  readonly path: string;
}

/**
 * Finds the file of a chunk as a commit sees it: the nearest ancestor that lists it, else the first commit's folder. Source: DEEPLAKE.md section 1.2.
 */
export class ChunkOwners {
  /** Files of chunks that a chunk set names by their commit: after a merge they serve others than the commit's descendants. */
  readonly redirects = new Map<string, Set<string>>();
  readonly #owners = new Map<string, Owner[]>();
  readonly #ancestry: Ancestry;

  constructor(ancestry: Ancestry) {
    this.#ancestry = ancestry;
  }

  /** Takes in the `chunk_set` of a tensor at a commit. */
  add(commit: string, tensor: string, entries: readonly ChunkEntry[]): void {
    for (const { name, commit: at, tensor: key } of entries) {
      const id = `${tensor}\n${name}`;
      const owner = { commit, path: chunkPath(at ?? commit, key ?? tensor, name) };
      if (at !== undefined) this.#redirect(owner);
      const known = this.#owners.get(id);
      if (known) known.push(owner);
      else this.#owners.set(id, [owner]);
    }
  }

  #redirect({ commit, path }: Owner): void {
    const users = this.redirects.get(path);
    if (users) users.add(commit);
    else this.redirects.set(path, new Set([commit]));
  }

  pathOf(commit: string, tensor: string, name: string): string {
    const own = this.#owners.get(`${tensor}\n${name}`)?.filter((o) => this.#ancestry.isAncestorOrSelf(o.commit, commit)) ?? [];
    const nearest = own.reduce<Owner | undefined>(
      (best, o) => (best && this.#ancestry.order(best.commit) > this.#ancestry.order(o.commit) ? best : o),
      undefined,
    );
    return nearest?.path ?? chunkPath('', tensor, name);
  }
}
