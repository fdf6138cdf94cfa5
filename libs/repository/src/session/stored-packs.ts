import type { ObjectKey } from '@dr/storage';
import { Lane } from '../concurrency.ts';
import { sha256Hex } from '../format/hashes.ts';
import type { PackEntry } from '../format/pack-entries.ts';
import { newSeal, SALT_BYTES } from '../format/seal.ts';
import { encodeSegment, type IndexedPack, type IndexRow, packRows } from '../format/segment.ts';
import type { TenantIndex } from '../index/tenant-index.ts';
import { belongingOf, type TenantScope } from '../tenant-scope.ts';
import { putByContent } from './put-surely.ts';

/** A segment is written after so many packs or so long, whichever is first: it shows that the session lives, and saves work after a crash. */
const PACKS_PER_SEGMENT = 8;
const SEGMENT_AFTER_MS = 60_000;

interface StoredPack {
  readonly pack: IndexedPack;
  readonly entries: readonly PackEntry[];
}

/** The packs of a session: uploads them, enters them in the index in memory, and writes index segments once they are durable. */
export class StoredPacks {
  readonly #scope: TenantScope;
  readonly #backupId: string;
  readonly #index: TenantIndex;
  readonly #onError: (error: unknown) => void;
  readonly #segments = new Lane();
  #pending: StoredPack[] = [];
  #uploads = 0;
  #idle: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Bytes of the packs written by this process. */
  bytes = 0;

  constructor(scope: TenantScope, backupId: string, index: TenantIndex, onError: (error: unknown) => void) {
    this.#scope = scope;
    this.#backupId = backupId;
    this.#index = index;
    this.#onError = onError;
  }

  /** Stores a pack. Errors go to `onError`; it never throws, so that its buffer always comes back. */
  async upload(pack: IndexedPack, bytes: Uint8Array, entries: readonly PackEntry[]): Promise<void> {
    this.#uploads++;
    try {
      await putByContent(this.#scope.store, this.#scope.names.pack(pack.kind, pack.name), bytes);
      this.bytes += bytes.length;
      this.add(pack, entries);
    } catch (error) {
      this.#onError(error);
    } finally {
      this.#uploads--;
      if (this.#uploads === 0) for (const wake of this.#idle.splice(0)) wake();
    }
  }

  /** Takes in a pack that is durable: uploaded, or found from before a crash. */
  add(pack: IndexedPack, entries: readonly PackEntry[]): void {
    this.#index.pieces.addPack(pack, entries);
    this.#pending.push({ pack, entries });
    if (this.#pending.length >= PACKS_PER_SEGMENT) this.writeSegment().catch(this.#onError);
    else this.#timer ??= setTimeout(() => this.writeSegment().catch(this.#onError), SEGMENT_AFTER_MS).unref();
  }

  /** All uploads that were begun are done or failed. */
  async settled(): Promise<void> {
    if (this.#uploads > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Everything durable is indexed. */
  writeSegment(): Promise<void> {
    return this.#segments.run(async () => {
      this.stop();
      const packs = this.#pending.splice(0);
      if (packs.length > 0) await this.#write(packs);
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #write(stored: readonly StoredPack[]): Promise<void> {
    const { keys, store, names, random } = this.#scope;
    const rows: IndexRow[] = stored.flatMap(({ entries }, pack) => entries.map((entry, record) => ({ ...entry, pack, record })));
    const packs = stored.map(({ pack }) => pack);
    const seal = newSeal(belongingOf(this.#scope), 'index', keys.dataKey(keys.epoch), random(SALT_BYTES));
    const bytes = encodeSegment({ session: this.#backupId, packs, ...packRows(rows) }, seal);
    const key: ObjectKey = names.segment(this.#backupId, sha256Hex(bytes));
    await putByContent(store, key, bytes);
    const ordinals = packs.map(({ name }) => this.#index.pieces.ordinalOf(name)!);
    this.#index.enter({ key, session: this.#backupId, packs: ordinals });
  }
}
