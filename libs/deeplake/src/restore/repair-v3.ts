import type { DatasetView } from '../dataset-view.ts';
import type { Finding } from '../finding.ts';
import { Listing } from '../listing.ts';
import { readChunkSets } from '../v3/chunk-sets.ts';
import { DatasetFiles } from '../v3/dataset-files.ts';
import { commitFolder, commitOf, FIRST_COMMIT, VERSION_INFO } from '../v3/paths.ts';
import { parseCommitInfo, parseVersionTree } from '../v3/version-tree.ts';
import { CommitTree } from './commit-tree.ts';
import { freshHead } from './fresh-head.ts';
import { HeadHealth } from './head-health.ts';
import { NO_REPAIR, type RestoreRepair } from './restore-repair.ts';
import type { SyntheticFile } from './restore-rules.ts';

/**
 * Every branch whose head is torn ends in a fresh head after its last whole commit; what was not committed there is left out, and so are torn
 * commits that nothing else builds on. The ids of heads stay. Source: DEEPLAKE.md sections 1.6 and 3.3.
 */
export async function repairV3(view: DatasetView, known: readonly Finding[]): Promise<RestoreRepair> {
  const files = new DatasetFiles(view, await Listing.of(view));
  const tree = await CommitTree.read(files);
  if (!tree) return withoutTree(files, known);
  return new V3Repair(files, tree, known).plan();
}

/** Before version control, or with the tree lost: nothing is known of any commit. */
function withoutTree(files: DatasetFiles, known: readonly Finding[]): RestoreRepair {
  if (!known.some(({ severity }) => severity === 'error')) return NO_REPAIR;
  const path = files.has(VERSION_INFO) ? VERSION_INFO : '';
  return {
    ...NO_REPAIR,
    notes: [note('R2', 'error', path, `no commit is known, so there is no whole version to fall back to; ${AS_CAPTURED}`)],
  };
}

const AS_CAPTURED = 'the files are restored as they were captured';

class V3Repair {
  readonly #files: DatasetFiles;
  readonly #tree: CommitTree;
  readonly #known: readonly Finding[];
  readonly #notes: Finding[] = [];
  readonly #write: SyntheticFile[] = [];
  /** Heads that are made anew and commits that are dropped: their captured files are not restored. */
  readonly #cleared = new Set<string>();
  /** Commits whose place in the tree changed. */
  readonly #touched = new Set<string>();

  constructor(files: DatasetFiles, tree: CommitTree, known: readonly Finding[]) {
    this.#files = files;
    this.#tree = tree;
    this.#known = known;
  }

  async plan(): Promise<RestoreRepair> {
    const rebuilt = this.#tree.changed;
    const typed = parseVersionTree(this.#tree.bytes());
    const owners = await readChunkSets(this.#files, typed, () => undefined);
    const health = new HeadHealth({ files: this.#files, owners, facts: new Map(), deep: false }, this.#tree, this.#known);
    const torn = new Set<string>();
    for (const [branch, head] of this.#tree.branches) await this.#repairBranch(branch, head, health, torn);
    this.#dropUnused(torn);
    if (rebuilt)
      this.#notes.push(note('R3', 'warning', VERSION_INFO, 'it was not whole and was made anew from the commit_info.json files'));
    await this.#writeTree();
    return { leaveOut: this.#leaveOut(owners.redirects), write: this.#write, notes: this.#notes };
  }

  async #repairBranch(branch: string, head: string, health: HeadHealth, torn: Set<string>): Promise<void> {
    const found = await health.of(head);
    if (found.whole) return;
    const passed: string[] = [];
    for (
      let id: string | undefined = this.#tree.node(head)?.parent;
      id !== undefined && !passed.includes(id);
      id = this.#tree.node(id)?.parent
    ) {
      const parent = await health.of(id);
      if (parent.whole && this.#tree.node(id)?.committed)
        return this.#replace(branch, head, { id, rows: parent.rows }, found.why, passed, torn);
      passed.push(id);
    }
    const why = head === FIRST_COMMIT ? 'was never committed' : 'has no whole commit';
    this.#notes.push(
      note(
        'R2',
        'error',
        commitFolder(head),
        `branch ${branch} is torn (${found.why}) and ${why}, so there is nothing to fall back to; ${AS_CAPTURED}`,
      ),
    );
  }

  async #replace(
    branch: string,
    head: string,
    parent: { id: string; rows: number },
    why: string,
    passed: readonly string[],
    torn: Set<string>,
  ): Promise<void> {
    this.#write.push(...(await freshHead(this.#files, head, parent.id)));
    this.#cleared.add(head);
    const before = this.#tree.node(head)!.parent;
    this.#tree.move(head, parent.id);
    this.#touched.add(head);
    if (before !== parent.id) this.#touched.add(parent.id);
    for (const id of passed) torn.add(id);
    const message = this.#tree.message(parent.id);
    const commit = message === undefined ? parent.id : `${parent.id} ("${message}")`;
    const lost =
      passed.length === 0 ? 'What was not committed' : `What was not committed, and ${passed.length} commits that are not whole either,`;
    this.#notes.push(
      note(
        'R1',
        'warning',
        commitFolder(head),
        `branch ${branch} is restored as of commit ${commit} with ${parent.rows} rows. ${lost} is left out: ${why}`,
      ),
    );
  }

  /** Torn commits on the way back, deepest first, that no other commit builds on. */
  #dropUnused(torn: ReadonlySet<string>): void {
    for (let dropped = true; dropped; ) {
      dropped = false;
      for (const id of torn) {
        const node = this.#tree.node(id);
        if (!node || id === FIRST_COMMIT || node.children.length > 0) continue;
        if (node.parent !== undefined) this.#touched.add(node.parent);
        this.#tree.drop(id);
        this.#cleared.add(id);
        dropped = true;
      }
    }
  }

  /** The tree if it changed, the `commit_info.json` of each commit that it concerns, and those that were caught half written. */
  async #writeTree(): Promise<void> {
    if (this.#tree.changed) this.#write.push({ path: VERSION_INFO, content: this.#tree.bytes() });
    for (const id of this.#tree.ids) {
      const path = `${commitFolder(id)}commit_info.json`;
      if (this.#touched.has(id) || (await this.#isBroken(id, path))) this.#write.push({ path, content: this.#tree.infoBytes(id) });
    }
  }

  async #isBroken(id: string, path: string): Promise<boolean> {
    const info = await this.#files.parse(path, (bytes) => parseCommitInfo(id, bytes));
    return info !== undefined && 'broken' in info;
  }

  #leaveOut(redirects: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
    const left = new Set(this.#write.map(({ path }) => path).filter((path) => this.#files.has(path)));
    if (this.#cleared.size === 0) return left;
    for (const path of this.#files.listing.sizes.keys()) {
      const usedElsewhere = [...(redirects.get(path) ?? [])].some((commit) => !this.#cleared.has(commit));
      if (this.#cleared.has(commitOf(path)) && !usedElsewhere) left.add(path);
    }
    return left;
  }
}

function note(code: string, severity: Finding['severity'], path: string, message: string): Finding {
  return { format: 'v3', code, severity, path, message };
}
