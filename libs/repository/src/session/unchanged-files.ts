import { capturedIdentity } from '../format/tree-entry.ts';
import { KeptEntries } from '../tree/kept-entries.ts';
import type { Found, LeafFinder } from '../tree/leaf-finder.ts';
import type { CaptureFile } from '../types.ts';

/** Whether a piece has a copy that counts for the session. */
export type PieceCounts = (id: Uint8Array) => boolean | Promise<boolean>;

/** An entry of an earlier tree that stands for what was listed now. */
export interface Unchanged {
  readonly body: Uint8Array;
  /** Where it stands in the first base; missing when it is from another one. */
  readonly place?: Found;
}

/** Earlier trees of a data set, from which files that did not change are taken over without being opened. */
export class UnchangedFiles {
  /** The likeliest of the trees: what stands in it is kept there, not copied. */
  readonly first: KeptEntries;
  readonly #trees: readonly LeafFinder[];
  /** Whether a piece or page has a copy that counts for the session. */
  readonly counts: PieceCounts;

  /** @param trees at least one, the likeliest first. */
  constructor(trees: readonly LeafFinder[], counts: PieceCounts) {
    this.first = new KeptEntries(trees[0]!);
    this.#trees = trees;
    this.counts = counts;
  }

  /** Ids of the pieces that the first base which knows a path has for it, 32 bytes each. */
  async piecesOf(path: string): Promise<Uint8Array | undefined> {
    for (const tree of this.#trees) {
      const found = await tree.find(Buffer.from(path));
      const ids = found && capturedIdentity(found.body)?.pieceIds;
      if (ids && ids.length > 0) return new Uint8Array(Buffer.concat(ids));
    }
    return undefined;
  }

  /** The entry of the first base that proves that the file has not changed, and whose bytes are all stored; undefined: the file has to be read. */
  async unchanged(file: CaptureFile): Promise<Unchanged | undefined> {
    const path = Buffer.from(file.path);
    for (const tree of this.#trees) {
      const looked = tree.find(path);
      const found = looked instanceof Promise ? await looked : looked;
      if (found && (await this.#proves(found.body, file))) return { body: found.body, ...(tree === this.first.finder && { place: found }) };
    }
    return undefined;
  }

  /** Where exactly this entry stands in the first base. */
  async same(path: string, body: Uint8Array): Promise<Found | undefined> {
    const found = await this.first.finder.find(Buffer.from(path));
    return found && Buffer.compare(found.body, body) === 0 ? found : undefined;
  }

  #proves(body: Uint8Array, file: CaptureFile): boolean | Promise<boolean> {
    const ids = provesSame(body, file);
    return ids !== undefined && (ids.length === 0 || this.#allCount(ids));
  }

  async #allCount(ids: readonly Uint8Array[]): Promise<boolean> {
    for (const id of ids) if (!(await this.counts(id))) return false;
    return true;
  }
}

/** The pieces of an encoded entry, when it proves that a file is the one that was captured there; undefined when it does not, or has no bytes itself. */
export function provesSame(body: Uint8Array, file: Identity): readonly Uint8Array[] | undefined {
  const captured = capturedIdentity(body);
  return !captured || captured.racy || captured.pinned || !sameIdentity(captured, file) ? undefined : captured.pieceIds;
}

type Identity = Pick<CaptureFile, 'size' | 'mode' | 'uid' | 'gid' | 'mtimeNs' | 'ctimeNs' | 'ino' | 'etag'>;

/** Everything that stands in an entry beside the bytes is compared, so that the entry can be taken as it is. */
function sameIdentity(captured: Identity, listed: Identity): boolean {
  if (captured.size !== listed.size || captured.mtimeNs !== listed.mtimeNs || captured.etag !== listed.etag) return false;
  if (captured.mode !== listed.mode || captured.uid !== listed.uid || captured.gid !== listed.gid) return false;
  return listed.etag !== undefined || (captured.ctimeNs === listed.ctimeNs && captured.ino === listed.ino);
}
