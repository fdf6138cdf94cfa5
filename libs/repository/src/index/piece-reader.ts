import { DrError, ObjectMissing } from '@dr/storage';
import { Places } from '../concurrency.ts';
import { Damaged, PieceUnresolved } from '../errors.ts';
import { type PieceNaming, pieceNaming, sha256 } from '../format/hashes.ts';
import { recordOpener } from '../format/pack-reader.ts';
import { release } from '../format/release.ts';
import { keyFor } from '../format/seal.ts';
import type { IndexedPack } from '../format/segment.ts';
import { decoding, ownerOf, type TenantScope } from '../tenant-scope.ts';
import type { Copy, Location } from './piece-index.ts';
import type { TenantIndex } from './tenant-index.ts';

/** The key and what authenticates the records of one pack, from what the index says of it. @throws Malformed, keys.* errors. */
export function openPackOf(scope: TenantScope, pack: IndexedPack) {
  const header = { ...ownerOf(scope), epoch: pack.epoch, kind: pack.kind, salt: pack.salt, commitment: pack.commitment };
  const belonging = { ...ownerOf(scope), epoch: pack.epoch };
  return { belonging, key: keyFor(header, ownerOf(scope), (epoch) => scope.keys.dataKey(epoch)) };
}

/**
 * Of large records few are read at once in the whole process, whoever asks: they are opened one after the other, and what waits for it only takes memory
 * (62 MB where five data sets were checked at once).
 */
const LARGE_BYTES = 256 * 1024;
const largeReads = new Places(2);

type Opener = ReturnType<typeof recordOpener>;

/** Reads single pieces on the calling thread: tree pages, parts of files. Any copy will do; on a missing pack the index is read again (R8). */
export class PieceReader {
  readonly scope: TenantScope;
  readonly index: TenantIndex;
  readonly #naming: PieceNaming;
  readonly #openers = new Map<number, Opener>();

  constructor(scope: TenantScope, index: TenantIndex) {
    this.scope = scope;
    this.index = index;
    this.#naming = pieceNaming(scope.keys.idKey);
  }

  /** The piece, in memory that nobody else holds: large ones may be released. @param id 32 bytes. @throws Damaged or ObjectMissing naming the pack when no copy is whole, PieceUnresolved. */
  async read(id: Uint8Array, paths: readonly string[] = []): Promise<Uint8Array> {
    const first = await this.#readAny(id);
    if (first instanceof Uint8Array) return first;
    if (first === undefined || first instanceof ObjectMissing) {
      await this.index.load();
      const again = await this.#readAny(id);
      if (again instanceof Uint8Array) return again;
      if (again) throw again;
    }
    throw first ?? this.unresolved(id, paths);
  }

  /** Why there is no way to a piece: a damaged segment, if there is one, is the likely reason and is named. */
  unresolved(id: Uint8Array, paths: readonly string[] = []): DrError {
    const [problem] = this.index.problems.values();
    if (problem)
      return new Damaged(problem.object, `a piece that no other index segment knows may stand in it (${problem.error.message})`, { paths });
    const [delta] = this.index.pieces.locations(id);
    return new PieceUnresolved(Buffer.from(delta?.base ?? id).toString('hex'), this.scope.names.index, paths);
  }

  /** The piece, the last error met, or undefined when no copy is known. */
  async #readAny(id: Uint8Array): Promise<Uint8Array | DrError | undefined> {
    let error: DrError | undefined;
    for (const copy of this.index.pieces.copies(id)) {
      try {
        return await this.#readCopy(id, copy);
      } catch (cause) {
        if (!(cause instanceof DrError)) throw cause;
        error = cause;
      }
    }
    return error;
  }

  async #readCopy(id: Uint8Array, { location, base }: Copy): Promise<Uint8Array> {
    if (!base) return this.#readRecord(id, location);
    const whole = await this.#readRecord(base.id, base.location);
    try {
      return await this.#readRecord(id, location, whole);
    } finally {
      release(whole);
    }
  }

  /** @param base the piece that a delta needs. */
  #readRecord(id: Uint8Array, location: Location, base?: Uint8Array): Promise<Uint8Array> {
    if (location.length < LARGE_BYTES) return this.#readNow(id, location, base);
    return largeReads.run(() => this.#readNow(id, location, base));
  }

  async #readNow(id: Uint8Array, { pack: ordinal, offset, length, record }: Location, base?: Uint8Array): Promise<Uint8Array> {
    const pack = this.index.pieces.packs[ordinal]!;
    const object = this.scope.names.pack(pack.kind, pack.name);
    const sealed = await this.scope.store.read(object, { start: offset, end: offset + length });
    try {
      return decoding(object, () => {
        const piece = this.#opener(ordinal, pack)(id, record, sealed, base && (() => base));
        if (Buffer.compare(this.#naming.id(sha256(piece)), id) !== 0)
          throw new Damaged(object, 'a piece does not have the content its id names');
        return piece;
      });
    } finally {
      release(sealed);
    }
  }

  #opener(ordinal: number, pack: IndexedPack): Opener {
    let opener = this.#openers.get(ordinal);
    if (!opener) {
      const { key, belonging } = openPackOf(this.scope, pack);
      opener = recordOpener(key, belonging, pack.kind);
      this.#openers.set(ordinal, opener);
    }
    return opener;
  }
}
