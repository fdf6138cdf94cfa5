import type { Location } from '../index/piece-index.ts';
import type { TenantIndex } from '../index/tenant-index.ts';
import type { BackupType } from '../types.ts';
import type { PackTrust } from '../workers/pack-trust.ts';
import { ownPacks } from './open-session.ts';

export interface CountedParts {
  readonly backupId: string;
  readonly type: BackupType;
  readonly index: TenantIndex;
  readonly trust: PackTrust;
  /** By ordinal, for the packs that were known when the session began: listed with its size, and no plan names it. */
  readonly usable: readonly boolean[];
  /** Reads a pack and compares its name. */
  readonly isWhole: (pack: number) => Promise<boolean>;
}

/** Which copies of pieces count for a session without the piece being read from the source: in own packs, and in usable ones, which a full reads first. */
export class CountedPacks {
  readonly #parts: CountedParts;
  #own = new Set<number>();
  #segments = -1;

  constructor(parts: CountedParts) {
    this.#parts = parts;
  }

  /** Whether a piece has a copy that counts. A full takes no delta; a delta counts together with a full copy of its base. */
  counts(id: Uint8Array): boolean | Promise<boolean> {
    const { index, type } = this.#parts;
    const open: number[] = [];
    for (const { location, base } of index.pieces.copies(id)) {
      if (type === 'full' && base) break;
      const counts = this.#packCounts(location);
      if (counts === true && (!base || this.#packCounts(base.location))) return true;
      if (counts === undefined) open.push(location.pack);
    }
    return open.length > 0 && this.#anyWhole(open);
  }

  /** Whether one of the session's own packs has the piece. */
  isOwn(id: Uint8Array): boolean {
    return this.#parts.index.pieces.copyOf(id, (pack) => this.#ownPacks().has(pack)) !== undefined;
  }

  #packCounts({ pack }: Location): boolean | undefined {
    if (this.#ownPacks().has(pack)) return true;
    if (!this.#parts.usable[pack]) return false;
    return this.#parts.type === 'full' ? undefined : true;
  }

  async #anyWhole(packs: readonly number[]): Promise<boolean> {
    const { trust, isWhole } = this.#parts;
    for (const pack of packs) if (await trust.trust(pack, () => isWhole(pack))) return true;
    return false;
  }

  /** Grows with the session's segments. */
  #ownPacks(): ReadonlySet<number> {
    const { index, backupId } = this.#parts;
    if (this.#segments !== index.segments.size) {
      this.#own = ownPacks(index, backupId);
      this.#segments = index.segments.size;
    }
    return this.#own;
  }
}
