import { DrError, type ObjectKey, ObjectMissing } from '@dr/storage';
import { Lane, mapLimited } from '../concurrency.ts';
import { Damaged, FormatTooNew } from '../errors.ts';
import { sha256Hex } from '../format/hashes.ts';
import { packOf, segmentOf } from '../format/object-names.ts';
import { decodeSegment } from '../format/segment.ts';
import { decoding, ownerOf, type TenantScope } from '../tenant-scope.ts';
import { PieceIndex } from './piece-index.ts';

const READS_AT_ONCE = 8;

/** An index segment that could not be used. */
export interface IndexProblem {
  readonly object: ObjectKey;
  readonly error: DrError;
}

export interface LoadedSegment {
  readonly key: ObjectKey;
  readonly session: string;
  /** Ordinals of its packs in `pieces`. */
  readonly packs: readonly number[];
}

/** All index segments of a tenant, read once each. Damaged ones are told of and left out: what only they know is unresolved. */
export class TenantIndex {
  readonly pieces: PieceIndex;
  readonly segments: Map<ObjectKey, LoadedSegment>;
  readonly problems: Map<ObjectKey, IndexProblem>;
  readonly #scope: TenantScope;
  /** Whoever asks meanwhile waits, and reads nothing twice. */
  readonly #loads = new Lane();

  /** @param other starts as a copy of it, with the segments that it has read. */
  constructor(scope: TenantScope, other?: TenantIndex) {
    this.#scope = scope;
    this.pieces = new PieceIndex(other?.pieces);
    this.segments = new Map(other?.segments);
    this.problems = new Map(other?.problems);
  }

  /** Reads the segments that came since the last load. @throws what the store throws when it cannot list; FormatTooNew. */
  load(): Promise<void> {
    return this.#loads.run(() => this.#loadNew());
  }

  async #loadNew(): Promise<void> {
    const keys: ObjectKey[] = [];
    for await (const page of this.#scope.store.list(this.#scope.names.index)) {
      keys.push(...page.map(({ key }) => key).filter((key) => segmentOf(key) !== undefined && !this.segments.has(key)));
    }
    await mapLimited(keys, READS_AT_ONCE, (key) => this.#loadSegment(key));
  }

  /** Enters a segment that was just written from packs that are in `pieces` already. */
  enter(segment: LoadedSegment): void {
    this.segments.set(segment.key, segment);
  }

  async #loadSegment(key: ObjectKey): Promise<void> {
    try {
      const segment = await readSegment(this.#scope, key);
      this.pieces.addSegment(segment);
      const packs = segment.packs.map(({ name }) => this.pieces.ordinalOf(name)!);
      this.segments.set(key, { key, session: segment.session, packs });
      this.problems.delete(key);
    } catch (error) {
      if (!(error instanceof DrError) || error instanceof FormatTooNew) throw error;
      if (!(error instanceof ObjectMissing)) this.problems.set(key, { object: key, error });
    }
  }
}

/** Reads a segment and checks its name. @throws Damaged, FormatTooNew, ObjectMissing. */
export async function readSegment(scope: TenantScope, key: ObjectKey) {
  const bytes = Buffer.from(await scope.store.read(key));
  if (sha256Hex(bytes) !== segmentOf(key)?.name) throw new Damaged(key, 'its bytes do not have the SHA-256 that its name says');
  return decoding(key, () => decodeSegment(bytes, ownerOf(scope), (epoch) => scope.keys.dataKey(epoch), key));
}

/** Every pack of the tenant with its size, from a listing taken now. */
export async function listPacks(scope: TenantScope): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for await (const page of scope.store.list(scope.names.packs)) {
    for (const { key, size } of page) {
      const pack = packOf(key);
      if (pack) sizes.set(pack.name, size);
    }
  }
  return sizes;
}
