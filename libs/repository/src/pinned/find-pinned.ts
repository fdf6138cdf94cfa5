import { decodeEntry } from '../format/tree-entry.ts';
import type { PieceReader } from '../index/piece-reader.ts';
import { listPacks } from '../index/tenant-index.ts';
import { provesSame } from '../session/unchanged-files.ts';
import { LeafFinder } from '../tree/leaf-finder.ts';
import { rootId, walkEntries } from '../tree/walk-tree.ts';
import type { PieceId, PinnedFiles, TreeEntry } from '../types.ts';

export interface FindPinned {
  readonly root: PieceId;
  readonly holders: readonly PieceId[];
  readonly wanted: (path: string) => boolean;
}

/** Looks for what a tree only pins in other trees: the same file by its identity there, with all pieces in packs that the store lists whole. */
export async function findPinned(reader: PieceReader, { root, holders, wanted }: FindPinned): Promise<PinnedFiles> {
  const isStored = await storedPieces(reader);
  const trees: LeafFinder[] = [];
  for (const holder of holders) trees.push(await LeafFinder.open((id) => reader.read(id), rootId(holder)));
  const held = new Map<string, TreeEntry>();
  const missing: TreeEntry[] = [];
  for await (const entry of walkEntries(reader, rootId(root))) {
    if (!entry.pinned || !wanted(entry.path)) continue;
    const found = await findIn(trees, entry, isStored);
    if (found) held.set(entry.path, found);
    else missing.push(entry);
  }
  return { held, missing };
}

async function findIn(
  trees: readonly LeafFinder[],
  entry: TreeEntry,
  isStored: (id: Uint8Array) => boolean,
): Promise<TreeEntry | undefined> {
  const path = Buffer.from(entry.path);
  for (const tree of trees) {
    const found = await tree.find(path);
    const ids = found && provesSame(found.body, entry);
    if (ids?.every(isStored)) return decodeEntry(entry.path, found!.body);
  }
  return undefined;
}

/** Copies in packs that plans name count: they can be read as long as they are there. */
async function storedPieces({ scope, index }: PieceReader): Promise<(id: Uint8Array) => boolean> {
  await index.load();
  const listed = await listPacks(scope);
  const { pieces } = index;
  const isWhole = (pack: number): boolean => listed.get(pieces.packs[pack]!.name) === pieces.packs[pack]!.size;
  return (id) => pieces.copyOf(id, isWhole) !== undefined;
}
