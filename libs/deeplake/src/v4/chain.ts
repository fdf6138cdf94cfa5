import type { LogFile } from './catalog.ts';
import type { History } from './history.ts';
import type { VersionPoint } from './operation.ts';

/**
 * Builds the commits of a version, oldest first. Right before the commit that a merge made come the commits of the merged version which are not
 * there yet: those of the source branch, of its own ancestors beyond the common ones, and what was merged into these before.
 * Measured with Deep Lake 4.7.4: a branch merged into a merged branch, a grandchild merged into the root, a branch merged twice.
 */
export class Chain {
  readonly #history: History;
  /** Up to which version each branch is in the chain; what a compaction there replaced counts as in. */
  readonly #covered = new Map<string, string>();
  readonly #merging = new Set<string>();

  constructor(history: History) {
    this.#history = history;
  }

  /** Adds a branch and its ancestors, all up to a version. @returns the commits that were added. */
  addVersion(branch: string, upTo?: string): LogFile[] {
    return this.#history.lineage(branch, upTo).flatMap((segment) => {
      const commits = this.#history
        .active(segment.branch, segment.upTo)
        .filter((c) => c.name.version > (this.#covered.get(segment.branch) ?? ''));
      const added = this.addCommits(segment.branch, commits);
      if (segment.upTo !== undefined) this.#cover(segment.branch, segment.upTo);
      return added;
    });
  }

  /** Adds commits of one branch, each after what it merged. @returns the commits that were added. */
  addCommits(branch: string, commits: readonly LogFile[]): LogFile[] {
    return commits.flatMap((commit) => {
      const merged = this.#history.mergesInto(branch, commit.name.version).flatMap((m) => this.#addMerged(m.source));
      this.#cover(branch, commit.name.version);
      return [...merged, commit];
    });
  }

  /** Merges that go round in a circle, which only damage makes, bring nothing. */
  #addMerged({ branch, version }: VersionPoint): LogFile[] {
    const id = `${branch} ${version}`;
    if (this.#merging.has(id)) return [];
    this.#merging.add(id);
    const added = this.addVersion(branch, version);
    this.#merging.delete(id);
    return added;
  }

  #cover(branch: string, version: string): void {
    if (version > (this.#covered.get(branch) ?? '')) this.#covered.set(branch, version);
  }
}
