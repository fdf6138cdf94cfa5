import type { Branch, Catalog, LogFile, Merge } from './catalog.ts';
import { Chain } from './chain.ts';
import { BIRTH, isBirth } from './paths.ts';

/** Part of a lineage: a branch's own commits up to a version (all when undefined). */
export interface Segment {
  readonly branch: string;
  readonly upTo: string | undefined;
}

/**
 * Which commits a version consists of. Logs are sorted by version name; names of `logs` are branch ids.
 * Source: DEEPLAKE_V4.md section 4 (active, chain). Parent cycles, which only damage can make, end the lineage instead of looping.
 */
export class History {
  readonly catalog: Catalog;
  readonly logs: ReadonlyMap<string, readonly LogFile[]>;
  readonly #versions = new Map<string, Set<string>>();
  readonly #merges: ReadonlyMap<string, Merge[]>;

  constructor(catalog: Catalog, logs: ReadonlyMap<string, readonly LogFile[]>) {
    this.catalog = catalog;
    this.logs = logs;
    this.#merges = Map.groupBy(catalog.merges, ({ destination }) => `${destination.branch} ${destination.version}`);
    for (const [branch, files] of logs) this.#versions.set(branch, new Set(files.map((f) => f.name.version)));
  }

  owns(branch: string, version: string): boolean {
    return this.#versions.get(branch)?.has(version) ?? false;
  }

  /** Does the version exist in the branch's own log or in one of its ancestors'? */
  resolves(branch: string, version: string): boolean {
    return isBirth(version) || this.ownerOf(branch, version) !== undefined;
  }

  /** The branch whose log holds a version as `branch` sees it: itself, else the nearest ancestor. */
  ownerOf(branch: string, version: string): string | undefined {
    return this.#ancestors(branch).find((b) => this.owns(b.id, version))?.id;
  }

  /** The greatest version name of the branch, else the version it was born from. */
  head(branch: Branch): string {
    return this.logs.get(branch.id)?.at(-1)?.name.version ?? branch.version ?? BIRTH;
  }

  /** A branch's own commits that count at a version: reverted and compacted ones left out. */
  active(branch: string, upTo?: string): LogFile[] {
    const own = (this.logs.get(branch) ?? []).filter((f) => upTo === undefined || f.name.version <= upTo);
    return withoutCompacted(withoutReverted(own));
  }

  /** Every commit a version of a branch consists of, oldest first, merged ones in their place. */
  chain(branch: string, upTo?: string): LogFile[] {
    return new Chain(this).addVersion(branch, upTo);
  }

  mergesInto(branch: string, version: string): Merge[] {
    return this.#merges.get(`${branch} ${version}`) ?? [];
  }

  /** The branch's ancestors down to itself, each with the version up to which it counts. */
  lineage(branch: string, upTo: string | undefined): Segment[] {
    const segments: Segment[] = [];
    let limit = upTo;
    for (const b of this.#ancestors(branch)) {
      const inherited = b.parent !== undefined && limit !== undefined && !this.owns(b.id, limit) && this.resolves(b.parent, limit);
      if (inherited) continue;
      segments.unshift({ branch: b.id, upTo: limit });
      limit = b.version;
    }
    return segments;
  }

  /** The branch, its parent, and so on; each once. */
  #ancestors(branch: string): Branch[] {
    const found = new Map<string, Branch>();
    for (
      let b = this.catalog.branches.get(branch);
      b && !found.has(b.id);
      b = b.parent === undefined ? undefined : this.catalog.branches.get(b.parent)
    )
      found.set(b.id, b);
    return [...found.values()];
  }
}

/** `w` at base W keeping K: commits with K < base < W are dead, and those of base W before it. */
function withoutReverted(files: readonly LogFile[]): LogFile[] {
  const reverts = files.filter((f) => f.name.letter === 'w').map((f) => f.name);
  if (reverts.length === 0) return [...files];
  const dead = ({ name }: LogFile) =>
    reverts.some((w) => (w.argument < name.base && name.base < w.base) || (name.base === w.base && name.version < w.version));
  return files.filter((f) => !dead(f));
}

/** `o` covering [first..base] hides what it replaces: older ordinary commits in its range, and narrower compactions. */
function withoutCompacted(files: readonly LogFile[]): LogFile[] {
  const all = files.filter((f) => f.name.letter === 'o').map((f) => f.name);
  if (all.length === 0) return [...files];
  const widestFirst = all.sort((a, b) => a.argument - a.base - (b.argument - b.base));
  const used: typeof all = [];
  for (const o of widestFirst) if (!used.some((u) => u.argument <= o.argument && o.base <= u.base)) used.push(o);
  const kept = new Set(used.map((o) => o.version));
  return files.filter(({ name }) =>
    name.letter === 'o'
      ? kept.has(name.version)
      : !used.some((o) => o.argument <= name.base && name.base <= o.base && name.version < o.version),
  );
}
