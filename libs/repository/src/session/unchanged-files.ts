import { capturedIdentity } from '../format/tree-entry.ts';
import type { LeafFinder } from '../tree/leaf-finder.ts';
import type { CaptureFile } from '../types.ts';

/** Whether a piece has a copy that counts for the session. */
export type PieceCounts = (id: Uint8Array) => boolean | Promise<boolean>;

/** Earlier trees of a data set, from which files that did not change are taken over without being opened. */
export class UnchangedFiles {
  readonly #trees: readonly LeafFinder[];
  readonly #counts: PieceCounts;

  constructor(trees: readonly LeafFinder[], counts: PieceCounts) {
    this.#trees = trees;
    this.#counts = counts;
  }

  /** The entry of the first base that proves that the file has not changed, and whose bytes are all stored; undefined: the file has to be read. */
  async unchanged(file: CaptureFile): Promise<Uint8Array | undefined> {
    const path = Buffer.from(file.path);
    for (const tree of this.#trees) {
      const found = tree.find(path);
      const body = found instanceof Promise ? await found : found;
      if (body && (await this.#proves(body, file))) return body;
    }
    return undefined;
  }

  #proves(body: Uint8Array, file: CaptureFile): boolean | Promise<boolean> {
    const captured = capturedIdentity(body);
    if (!captured || captured.racy || captured.pinned || !sameIdentity(captured, file)) return false;
    return captured.pieceIds.length === 0 || this.#allCount(captured.pieceIds);
  }

  async #allCount(ids: readonly Uint8Array[]): Promise<boolean> {
    for (const id of ids) if (!(await this.#counts(id))) return false;
    return true;
  }
}

type Identity = Pick<CaptureFile, 'size' | 'mode' | 'uid' | 'gid' | 'mtimeNs' | 'ctimeNs' | 'ino' | 'etag'>;

/** Everything that stands in an entry beside the bytes is compared, so that the entry can be taken as it is. */
function sameIdentity(captured: Identity, listed: Identity): boolean {
  if (captured.size !== listed.size || captured.mtimeNs !== listed.mtimeNs || captured.etag !== listed.etag) return false;
  if (captured.mode !== listed.mode || captured.uid !== listed.uid || captured.gid !== listed.gid) return false;
  return listed.etag !== undefined || (captured.ctimeNs === listed.ctimeNs && captured.ino === listed.ino);
}
