import { asObject, asString, asStrings, field, type JsonObject, optional } from '../bytes/json-shape.ts';
import { pythonJson } from '../bytes/python-json.ts';
import { type DatasetFiles, isBroken } from '../v3/dataset-files.ts';
import { commitFolder, FIRST_COMMIT, VERSION_INFO } from '../v3/paths.ts';
import { parseJsonObject } from '../v3/version-tree.ts';

interface Node {
  /** As stored, for the fields that we do not know. */
  readonly fields: JsonObject;
  readonly branch: string;
  readonly committed: boolean;
  parent: string | undefined;
  children: string[];
}

/** The commit tree of a v3 data set as a repair changes it. Fields that we do not know are kept as they were stored. */
export class CommitTree {
  readonly branches = new Map<string, string>();
  /** Differs from `version_control_info.json`, or is not what that file says. */
  changed = false;
  readonly #nodes = new Map<string, Node>();

  /** From the tree's file, else from the `commit_info.json` files as Deep Lake does it. @returns undefined when neither is to be had. */
  static async read(files: DatasetFiles): Promise<CommitTree | undefined> {
    const stored = await files.parse(VERSION_INFO, (bytes) => parseTree(bytes));
    if (stored && !isBroken(stored)) return stored;
    const rebuilt = await rebuild(files);
    if (rebuilt) rebuilt.changed = true;
    return rebuilt;
  }

  add(id: string, fields: JsonObject): Node {
    const node = {
      fields,
      branch: asString(field(fields, 'branch'), 'branch'),
      committed: typeof field(fields, 'commit_time') === 'number',
      parent: optional(field(fields, 'parent'), asString, 'parent'),
      children: [...asStrings(field(fields, 'children'), 'children')],
    };
    this.#nodes.set(id, node);
    return node;
  }

  get ids(): string[] {
    return [...this.#nodes.keys()];
  }

  has(id: string): boolean {
    return this.#nodes.has(id);
  }

  node(id: string): Readonly<Node> | undefined {
    return this.#nodes.get(id);
  }

  /** What a user calls a commit: its message, else nothing. */
  message(id: string): string | undefined {
    const text = field(this.#nodes.get(id)?.fields ?? {}, 'commit_message');
    return typeof text === 'string' ? text : undefined;
  }

  /** Hangs `id` below another parent. */
  move(id: string, parent: string): void {
    const node = this.#nodes.get(id)!;
    if (node.parent === parent) return;
    this.#forgetChild(node.parent, id);
    node.parent = parent;
    this.#nodes.get(parent)!.children.push(id);
    this.changed = true;
  }

  /** Makes a new node known to its parent. */
  adopt(id: string, parent: string): void {
    this.#nodes.get(parent)!.children.push(id);
    this.changed = true;
  }

  /** Takes away a node without children. */
  drop(id: string): void {
    this.#forgetChild(this.#nodes.get(id)?.parent, id);
    this.#nodes.delete(id);
    this.changed = true;
  }

  #forgetChild(parent: string | undefined, child: string): void {
    const node = parent === undefined ? undefined : this.#nodes.get(parent);
    if (node) node.children = node.children.filter((id) => id !== child);
  }

  /** The bytes of `version_control_info.json`. */
  bytes(): Uint8Array {
    const commits = Object.fromEntries([...this.#nodes].map(([id, node]) => [id, stored(node)]));
    return new TextEncoder().encode(pythonJson({ commits, branches: Object.fromEntries(this.branches) }));
  }

  /** The bytes of a commit's `commit_info.json`. */
  infoBytes(id: string): Uint8Array {
    return new TextEncoder().encode(pythonJson(stored(this.#nodes.get(id)!)));
  }
}

const stored = ({ fields, parent, children }: Node): JsonObject => ({ ...fields, parent: parent ?? null, children });

function parseTree(bytes: Uint8Array): CommitTree {
  const info = parseJsonObject(bytes, VERSION_INFO);
  const tree = new CommitTree();
  for (const [id, fields] of Object.entries(asObject(field(info, 'commits'), 'commits'))) tree.add(id, asObject(fields, `commit ${id}`));
  for (const [name, head] of Object.entries(asObject(field(info, 'branches'), 'branches')))
    tree.branches.set(name, asString(head, `head of branch ${name}`));
  return tree;
}

/** A child whose `commit_info.json` was not yet written becomes the head that its parent's branch lacks; any other lost child is forgotten. */
async function rebuild(files: DatasetFiles): Promise<CommitTree | undefined> {
  const tree = new CommitTree();
  const lost: { id: string; parent: string }[] = [];
  const open: { id: string; parent: string | undefined }[] = [{ id: FIRST_COMMIT, parent: undefined }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { id, parent } = next;
    if (tree.has(id)) continue;
    const node = await files.parse(`${commitFolder(id)}commit_info.json`, (bytes) => tree.add(id, parseJsonObject(bytes, id)));
    if (node === undefined || isBroken(node)) {
      if (parent !== undefined) lost.push({ id, parent });
      continue;
    }
    if (!node.committed) tree.branches.set(node.branch, id);
    open.push(...node.children.map((child) => ({ id: child, parent: id })));
  }
  for (const { id, parent } of lost) adopt(tree, id, parent);
  return tree.ids.length === 0 ? undefined : tree;
}

function adopt(tree: CommitTree, id: string, parent: string): void {
  const { branch, children } = tree.node(parent)!;
  if (tree.branches.has(branch)) {
    children.splice(children.indexOf(id), 1);
    return;
  }
  tree.add(id, { branch, parent, children: [], commit_message: null, commit_time: null, commit_user_name: null });
  tree.branches.set(branch, id);
}
