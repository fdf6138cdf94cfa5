import { createHash } from 'node:crypto';
import type { DatasetView } from '../dataset-view.ts';
import type { Finding } from '../finding.ts';
import { Listing } from '../listing.ts';
import { CommitTree } from '../restore/commit-tree.ts';
import { freshHead } from '../restore/fresh-head.ts';
import type { SyntheticFile } from '../restore/restore-rules.ts';
import { readChunkSets } from '../v3/chunk-sets.ts';
import { DatasetFiles } from '../v3/dataset-files.ts';
import { commitFolder, commitOf, VERSION_INFO } from '../v3/paths.ts';
import { parseVersionTree } from '../v3/version-tree.ts';
import { amounts } from './amounts.ts';
import { CannotCut, iso } from './errors.ts';
import { v3Rows } from './v3-rows.ts';
import { committedAtMs, parentsFirst, type V3Target, v3TargetOf } from './v3-target.ts';
import { lostViews } from './v3-views.ts';
import type { CutOff, CutVersion, VersionCut, VersionWish } from './version-cut.ts';

/**
 * Keeps a commit and those before it (or all that had been made by a moment); every branch among them ends in a fresh head after its last kept
 * commit. Chunks of left-out commits that a kept merge names stay. Source: DEEPLAKE.md sections 1.2 and 1.6.
 */
export async function cutV3(view: DatasetView, wish: VersionWish): Promise<VersionCut> {
  const files = new DatasetFiles(view, await Listing.of(view));
  const tree = await CommitTree.read(files);
  if (!tree) throw new CannotCut('It has no commit tree, so it was never committed or is from before version control.');
  const target = v3TargetOf(tree, wish);
  const owners = await readChunkSets(files, parseVersionTree(tree.bytes()), () => undefined);
  const before = { branches: [...tree.branches.keys()], commits: tree.ids.filter((id) => tree.node(id)!.committed).length };
  const { heads, write: treeFiles } = cutTree(tree, target);
  const fresh = (await Promise.all([...heads].map(([head, parent]) => freshHead(files, head, parent)))).flat();
  const stays = new Set(target.kept);
  const views = await lostViews(files, (commit) => stays.has(commit));
  const write = [...fresh, ...treeFiles, ...views.write];
  const leaveOut = new Set(write.map(({ path }) => path).filter((path) => files.has(path)));
  for (const path of files.listing.sizes.keys()) {
    const isUsed = stays.has(commitOf(path)) || [...(owners.redirects.get(path) ?? [])].some((commit) => stays.has(commit));
    if (!isUsed || views.prefixes.some((prefix) => path.startsWith(prefix))) leaveOut.add(path);
  }
  const { left, size } = amounts(files.listing, leaveOut, write);
  const branches = before.branches.filter((name) => !tree.branches.has(name));
  const versions = before.commits - tree.ids.filter((id) => tree.node(id)!.committed).length;
  const cutOff = { versions, branches, tags: [], ...left };
  const version = await describe(files, tree, target);
  return { leaveOut, write, notes: [noteOf(version, cutOff)], version, cutOff, size };
}

/** Changes the tree. @returns the heads that are made anew with their parents, and the files of the tree that changed. */
function cutTree(tree: CommitTree, { kept }: V3Target): { heads: Map<string, string>; write: SyntheticFile[] } {
  const before = new Map(tree.ids.map((id) => [id, textOf(tree.infoBytes(id))]));
  const ends = new Map(kept.map((id) => [tree.node(id)!.branch, id]));
  const heads = new Map<string, string>();
  for (const [branch, end] of ends) {
    if (!tree.node(end)!.committed) continue;
    const head = headOf(tree, branch, end);
    heads.set(head, end);
    tree.move(head, end);
  }
  const stays = new Set([...kept, ...heads.keys()]);
  for (const id of parentsFirst(tree).reverse()) if (!stays.has(id)) tree.drop(id);
  for (const branch of tree.branches.keys()) if (!ends.has(branch)) tree.branches.delete(branch);
  const changed = tree.ids.filter((id) => textOf(tree.infoBytes(id)) !== before.get(id));
  const infos = changed.map((id) => ({ path: `${commitFolder(id)}commit_info.json`, content: tree.infoBytes(id) }));
  return { heads, write: [{ path: VERSION_INFO, content: tree.bytes() }, ...infos] };
}

/** The branch's own head, by its id. A branch that has none, which only damage makes, gets one. */
function headOf(tree: CommitTree, branch: string, end: string): string {
  const known = tree.branches.get(branch);
  if (known !== undefined && tree.node(known)?.committed === false) return known;
  const id = createHash('sha1').update(`head of ${branch} after ${end}`).digest('hex');
  tree.add(id, { branch, parent: end, children: [], commit_message: null, commit_time: null, commit_user_name: null });
  tree.adopt(id, end);
  tree.branches.set(branch, id);
  return id;
}

async function describe(files: DatasetFiles, tree: CommitTree, { end }: V3Target): Promise<CutVersion> {
  const message = tree.message(end);
  const rows = await v3Rows(files, end);
  return { branch: tree.node(end)!.branch, version: end, rows, message, committedAtMs: committedAtMs(tree, end) };
}

function noteOf({ branch, version, rows, message, committedAtMs: at }: CutVersion, { versions }: CutOff): Finding {
  const what = at === undefined ? `the uncommitted head ${version}` : `commit ${version}${message ? ` ("${message}")` : ''} of ${iso(at)}`;
  const rest =
    at === undefined ? `${versions} other commits are left out` : `${versions} other commits and what was not committed are left out`;
  return {
    format: 'v3',
    code: 'R7',
    severity: 'info',
    path: '',
    message: `restored as of ${what} of branch ${branch} with ${rows} rows; ${rest}`,
  };
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
