import { CommitIncomplete, Damaged } from '../errors.ts';
import type { IndexedPack } from '../format/segment.ts';
import { isPinned, piecesNeeded } from '../format/tree-entry.ts';
import type { PieceReader } from '../index/piece-reader.ts';
import { decoding } from '../tenant-scope.ts';
import { rootId, walkPages } from '../tree/walk-tree.ts';
import type { CommitDataset } from '../types.ts';

export interface TreeCheck {
  readonly reader: PieceReader;
  readonly backupId: string;
  /** Whether files may be pinned by identity instead of stored. */
  readonly mayPin: boolean;
  /** Whether a pack (ordinal) may be counted on: listed with its size, in no plan, and for a full read in this session. */
  readonly usable: (pack: number) => boolean | Promise<boolean>;
  /** Whether deltas count, with their bases; a full takes none. */
  readonly deltas: boolean;
}

/**
 * Reads the trees that a commit is about to name back from the store and checks that every page and piece has a copy that may be counted on.
 * @returns whether any file is only pinned. @throws CommitIncomplete, Damaged.
 */
export async function checkTrees(check: TreeCheck, datasets: readonly CommitDataset[]): Promise<{ pins: boolean }> {
  const packs = new PackChoice(check);
  let pins = false;
  for (const { datasetId, root } of datasets) {
    if (root === undefined) continue;
    const onPage = (id: Uint8Array): void => packs.ask(id, () => `${datasetId} (its file tree)`);
    for await (const leaves of walkPages((id) => check.reader.read(id), rootId(root), { onPage })) {
      for (const leaf of leaves) {
        const path = (): string => `${datasetId}/${leaf.path}`;
        if (isPinned(leaf.body)) pins = allowed(path, check);
        for (const id of decoding(`tree of ${datasetId}`, () => piecesNeeded(leaf.body))) packs.ask(id, path);
      }
      await packs.settle();
    }
  }
  return { pins };
}

/** @throws CommitIncomplete unless the backup may pin. */
function allowed(path: () => string, { mayPin, backupId }: TreeCheck): true {
  if (!mayPin) throw new CommitIncomplete(backupId, `${path()} is only pinned, and only a snapshot may pin`);
  return true;
}

/** Finds a usable copy for each piece; packs are asked about once. */
class PackChoice {
  readonly #check: TreeCheck;
  readonly #usable = new Map<number, boolean>();
  readonly #open: { id: Uint8Array; path: () => string }[] = [];

  constructor(check: TreeCheck) {
    this.#check = check;
  }

  ask(id: Uint8Array, path: () => string): void {
    const known = this.#check.reader.index.pieces.copyOf(id, (pack) => this.#usable.get(pack) === true);
    if (!known || (known.base && !this.#check.deltas)) this.#open.push({ id: new Uint8Array(id), path });
  }

  /** Decides about the pieces that lie in packs not asked about yet. */
  async settle(): Promise<void> {
    for (const { id, path } of this.#open.splice(0)) {
      if (await this.#findUsable(id)) continue;
      throw new CommitIncomplete(this.#check.backupId, `a piece of ${path()} is in no pack that is listed whole`);
    }
  }

  async #findUsable(id: Uint8Array): Promise<boolean> {
    for (const { location, base } of this.#check.reader.index.pieces.copies(id)) {
      if (base && !this.#check.deltas) return false;
      if ((await this.#isUsable(location.pack)) && (!base || (await this.#isUsable(base.location.pack)))) return true;
    }
    return false;
  }

  async #isUsable(pack: number): Promise<boolean> {
    if (!this.#usable.has(pack)) this.#usable.set(pack, await this.#check.usable(pack));
    return this.#usable.get(pack)!;
  }
}

/** @throws CommitIncomplete, Damaged unless every pack of the session is listed with its size. */
export function checkListed(
  backupId: string,
  packs: readonly IndexedPack[],
  listed: ReadonlyMap<string, number>,
  keyOf: (pack: IndexedPack) => string,
): void {
  for (const pack of packs) {
    const size = listed.get(pack.name);
    if (size === undefined) throw new CommitIncomplete(backupId, `its pack ${keyOf(pack)} is not listed by the store`);
    if (size !== pack.size) throw new Damaged(keyOf(pack), `the store lists ${size} bytes, and ${pack.size} were written`);
  }
}
