import { decodeUtf8 } from '../bytes/exact-json.ts';
import { asObject, asString, asStrings, field, type JsonObject, optional } from '../bytes/json-shape.ts';
import { Malformed, reasonOf } from '../errors.ts';
import { FIRST_COMMIT } from './paths.ts';

/** A node of the commit tree. Without a commit time it is a head: uncommitted work. */
export interface CommitNode {
  readonly id: string;
  readonly branch: string;
  readonly parent: string | undefined;
  readonly children: readonly string[];
  readonly message: string | undefined;
  readonly committedAtMs: number | undefined;
}

export interface VersionTree {
  readonly commits: ReadonlyMap<string, CommitNode>;
  /** Branch name to the id of its head. */
  readonly branches: ReadonlyMap<string, string>;
}

/** A data set from before version control: one head at the root. */
export const UNVERSIONED: VersionTree = {
  commits: new Map([
    [FIRST_COMMIT, { id: FIRST_COMMIT, branch: 'main', parent: undefined, children: [], message: undefined, committedAtMs: undefined }],
  ]),
  branches: new Map([['main', FIRST_COMMIT]]),
};

/** Parses `version_control_info.json`. @throws Malformed. */
export function parseVersionTree(bytes: Uint8Array): VersionTree {
  const info = parseJsonObject(bytes, 'version_control_info.json');
  const commits = Object.entries(asObject(field(info, 'commits'), 'commits'));
  const branches = Object.entries(asObject(field(info, 'branches'), 'branches'));
  return {
    commits: new Map(commits.map(([id, node]) => [id, parseCommitNode(id, node)])),
    branches: new Map(branches.map(([name, head]) => [name, asString(head, `head of branch ${name}`)])),
  };
}

/** Parses a `commit_info.json`. @throws Malformed. */
export function parseCommitInfo(id: string, bytes: Uint8Array): CommitNode {
  return parseCommitNode(id, parseJsonObject(bytes, 'commit_info.json'));
}

function parseCommitNode(id: string, value: unknown): CommitNode {
  const node = asObject(value, `commit ${id}`);
  const seconds = field(node, 'commit_time');
  return {
    id,
    branch: asString(field(node, 'branch'), `branch of ${id}`),
    parent: optional(field(node, 'parent'), asString, `parent of ${id}`),
    children: asStrings(field(node, 'children'), `children of ${id}`),
    message: optional(field(node, 'commit_message'), asString, `message of ${id}`),
    committedAtMs: typeof seconds === 'number' ? Math.round(seconds * 1000) : undefined,
  };
}

/**
 * Rebuilds the tree from `commit_info.json` files, from the first commit down, as Deep Lake does on load. `read` gives the parsed file of a
 * commit, undefined when there is none. @returns undefined when the first one is missing.
 */
export async function rebuildVersionTree(read: (commit: string) => Promise<CommitNode | undefined>): Promise<VersionTree | undefined> {
  const commits = new Map<string, CommitNode>();
  const branches = new Map<string, string>();
  const open = [FIRST_COMMIT];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const node = commits.has(id) ? undefined : await read(id);
    if (!node) continue;
    commits.set(id, node);
    if (node.committedAtMs === undefined) branches.set(node.branch, id);
    open.push(...node.children);
  }
  return commits.size === 0 ? undefined : { commits, branches };
}

/** Heads: nodes without a commit time. */
export function headsOf(tree: VersionTree): Set<string> {
  return new Set([...tree.commits.values()].filter((node) => node.committedAtMs === undefined).map((node) => node.id));
}

/** JSON text to an object. @throws Malformed naming the file. */
export function parseJsonObject(bytes: Uint8Array, what: string): JsonObject {
  try {
    return asObject(JSON.parse(decodeUtf8(bytes)), what);
  } catch (error) {
    throw new Malformed(`${what} does not parse: ${reasonOf(error)}`);
  }
}
