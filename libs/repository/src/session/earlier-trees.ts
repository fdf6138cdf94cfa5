import { pieceNaming, sha256 } from '../format/hashes.ts';
import { PieceReader } from '../index/piece-reader.ts';
import type { TenantIndex } from '../index/tenant-index.ts';
import type { TenantScope } from '../tenant-scope.ts';
import { LeafFinder } from '../tree/leaf-finder.ts';
import { rootId } from '../tree/walk-tree.ts';
import type { BackupType, PieceId } from '../types.ts';
import type { CountedPacks } from './counted-packs.ts';
import { receiptOf } from './receipts.ts';
import { UnchangedFiles } from './unchanged-files.ts';

export interface EarlierTreesParts {
  readonly scope: TenantScope;
  readonly backupId: string;
  readonly type: BackupType;
  readonly index: TenantIndex;
  readonly counted: CountedPacks;
  /** Stores a piece that the session itself has made. */
  readonly putPage: (page: Uint8Array) => Promise<unknown>;
  readonly flush: () => Promise<void>;
}

/** The bases of a session's captures: which may be used, and which are its own. */
export class EarlierTrees {
  readonly #parts: EarlierTreesParts;
  readonly #reader: PieceReader;
  readonly #id: (bytes: Uint8Array) => Buffer;
  /** Roots captured by this session object; true: durable. */
  readonly #captured = new Map<PieceId, boolean>();

  constructor(parts: EarlierTreesParts) {
    this.#parts = parts;
    this.#reader = new PieceReader(parts.scope, parts.index);
    const naming = pieceNaming(parts.scope.keys.idKey);
    this.#id = (bytes) => naming.id(sha256(bytes));
  }

  /** What a capture may take over files from; undefined: nothing. A tree is read from the store, so it is made durable first. @throws Damaged for a root that is no id; what flushing throws. */
  async of(roots: readonly PieceId[] = []): Promise<UnchangedFiles | undefined> {
    const trees: LeafFinder[] = [];
    for (const root of new Set(roots)) {
      const id = rootId(root);
      if (this.#captured.get(root) === false) await this.#parts.flush();
      if (this.#parts.type !== 'full' || (await this.#isOwn(root)))
        trees.push(await LeafFinder.open((page) => this.#reader.read(page), id));
    }
    return trees.length === 0 ? undefined : new UnchangedFiles(trees, (id) => this.#parts.counted.counts(id));
  }

  /** A tree of this session is complete. */
  async captured(root: PieceId, slice: boolean): Promise<void> {
    if (slice) await this.#parts.putPage(receiptOf(this.#parts.backupId, root));
    if (!this.#captured.has(root)) this.#captured.set(root, false);
  }

  /** Everything that was captured up to a flush that now has ended. @param roots `pending()` from before it began. */
  flushed(roots: readonly PieceId[]): void {
    for (const root of roots) this.#captured.set(root, true);
  }

  pending(): PieceId[] {
    return [...this.#captured].filter(([, durable]) => !durable).map(([root]) => root);
  }

  /** Captured by this session object, or there is a receipt; another process may have stored it after our index was read. */
  async #isOwn(root: PieceId): Promise<boolean> {
    if (this.#captured.has(root)) return true;
    const receipt = this.#id(receiptOf(this.#parts.backupId, root));
    if (this.#parts.counted.isOwn(receipt)) return true;
    await this.#parts.index.load();
    return this.#parts.counted.isOwn(receipt);
  }
}
