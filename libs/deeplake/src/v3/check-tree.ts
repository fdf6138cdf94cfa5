import type { FindingList } from '../finding-list.ts';
import { type DatasetFiles, isBroken } from './dataset-files.ts';
import { commitFolder, DATASET_META, FIRST_COMMIT, VERSION_INFO } from './paths.ts';
import { type CommitNode, parseCommitInfo, parseVersionTree, rebuildVersionTree, UNVERSIONED, type VersionTree } from './version-tree.ts';

/** T1: the commit tree, from its file or from the `commit_info.json`s. A set without any of them is one from before version control. */
export async function readVersionTree(files: DatasetFiles, findings: FindingList): Promise<VersionTree> {
  const tree = await files.parse(VERSION_INFO, parseVersionTree);
  if (tree !== undefined && !isBroken(tree)) return tree;
  const rebuilt = await rebuildVersionTree(async (id) => {
    const info = await files.parse(`${commitFolder(id)}commit_info.json`, (bytes) => parseCommitInfo(id, bytes));
    return isBroken(info) ? undefined : info;
  });
  const what = tree ? tree.broken : 'it is missing';
  const isOld = !tree && !rebuilt && !hasVersions(files);
  if (rebuilt) findings.add('T1', 'warning', files.prefix + VERSION_INFO, `${what}; the tree was rebuilt from commit_info.json files`);
  else if (!isOld)
    findings.add('T1', 'error', files.prefix + VERSION_INFO, `${what}, and there are no commit_info.json files to rebuild it from`);
  return rebuilt ?? UNVERSIONED;
}

function hasVersions(files: DatasetFiles): boolean {
  for (const path of files.listing.sizes.keys()) if (path.startsWith(`${files.prefix}versions/`)) return true;
  return false;
}

/**
 * T2 to T4 and T6: the tree holds together and each node has its `dataset_meta.json`. Deep Lake's own `reset` deletes a head's folder but leaves
 * the node in the tree (seen with 3.9.52): without commit, children and branch it is worth a word only.
 */
export function checkTree(tree: VersionTree, files: DatasetFiles, findings: FindingList): void {
  const where = files.prefix + VERSION_INFO;
  const error = (code: string, message: string, path = where) => findings.add(code, 'error', path, message);
  const roots = [...tree.commits.values()].filter((node) => node.parent === undefined);
  if (!tree.commits.has(FIRST_COMMIT)) error('T2', 'the first commit is missing');
  for (const { id } of roots) if (id !== FIRST_COMMIT) error('T2', `commit ${id} has no parent`);
  const reachable = reachableFrom(FIRST_COMMIT, tree);
  for (const node of tree.commits.values()) {
    for (const message of brokenLinks(node, tree)) error('T3', message);
    if (!reachable.has(node.id)) error('T3', `commit ${node.id} cannot be reached from the first one`);
    if (!tree.branches.has(node.branch)) error('T4', `branch ${node.branch} of commit ${node.id} is not listed`);
    const meta = `${commitFolder(node.id)}${DATASET_META}`;
    if (files.has(meta)) continue;
    if (isLeftByReset(node, tree)) findings.add('T6', 'info', files.prefix + meta, `head ${node.id} was replaced by a reset`);
    else error('T6', `commit ${node.id} has no ${DATASET_META}`, files.prefix + meta);
  }
  for (const [branch, head] of tree.branches) if (!tree.commits.has(head)) error('T4', `head ${head} of branch ${branch} does not exist`);
}

export function isLeftByReset({ id, branch, committedAtMs, children }: CommitNode, { branches }: VersionTree): boolean {
  return committedAtMs === undefined && children.length === 0 && branches.has(branch) && branches.get(branch) !== id;
}

function* brokenLinks(node: CommitNode, { commits }: VersionTree): Generator<string> {
  if (node.parent !== undefined) {
    const parent = commits.get(node.parent);
    if (!parent) yield `parent ${node.parent} of commit ${node.id} does not exist`;
    else if (!parent.children.includes(node.id)) yield `parent ${node.parent} does not list its child ${node.id}`;
  }
  for (const id of node.children) {
    const child = commits.get(id);
    if (!child) yield `child ${id} of commit ${node.id} does not exist`;
    else if (child.parent !== node.id) yield `child ${id} names another parent than ${node.id}`;
  }
}

function reachableFrom(root: string, { commits }: VersionTree): Set<string> {
  const reached = new Set<string>();
  const open = [root];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const node = reached.has(id) ? undefined : commits.get(id);
    if (!node) continue;
    reached.add(id);
    open.push(...node.children);
  }
  return reached;
}

/** T5: each `commit_info.json` agrees with the tree. */
export async function checkCommitInfos(tree: VersionTree, files: DatasetFiles, findings: FindingList): Promise<void> {
  for (const node of tree.commits.values()) {
    const path = `${commitFolder(node.id)}commit_info.json`;
    const info = await files.parse(path, (bytes) => parseCommitInfo(node.id, bytes));
    if (info === undefined) continue;
    const wrong = isBroken(info) ? info.broken : disagreement(node, info);
    if (wrong) findings.add('T5', 'warning', files.prefix + path, wrong);
  }
}

function disagreement(node: CommitNode, info: CommitNode): string | undefined {
  const differs = (['branch', 'parent', 'message', 'committedAtMs'] as const).find((key) => node[key] !== info[key]);
  if (differs) return `${differs} differs from the version tree`;
  return [...node.children].sort().join() === [...info.children].sort().join() ? undefined : 'children differ from the version tree';
}
