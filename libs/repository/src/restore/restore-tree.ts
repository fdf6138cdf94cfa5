import { DrError, ObjectMissing } from '@dr/storage';
import { Crew } from '../concurrency.ts';
import { Damaged, PinnedOnly } from '../errors.ts';
import { PieceReader } from '../index/piece-reader.ts';
import type { TenantIndex } from '../index/tenant-index.ts';
import type { TenantScope } from '../tenant-scope.ts';
import { rootId, walkEntries } from '../tree/walk-tree.ts';
import type { PieceId, Progress, RestoreOptions, RestoreReport, TreeEntry } from '../types.ts';
import type { TargetFile } from '../workers/messages.ts';
import type { WorkerPool } from '../workers/pool.ts';
import { type NeededRecord, NeededRecords, type PackRange, rangesOf } from './needed-records.ts';
import { RestoreTarget } from './restore-target.ts';
import { runUnpack } from './unpack-jobs.ts';

const SMALL_FILES = 64;
/** Pieces of a tree that are restored before more of it is read: about 1 KB of memory each. */
const PORTION_PIECES = 12 * 1024;
const SYNC_FROM_BYTES = 1024 * 1024;
/** The system's threads also read for us; two of them may wait for the disk. */
const SYNCS_AT_ONCE = 2;

export interface RestoreParts {
  readonly scope: TenantScope;
  readonly index: TenantIndex;
  readonly pool: WorkerPool;
  /** Default PORTION_PIECES. */
  readonly portionPieces?: number;
}

/** A copy of a piece that could not be used. */
interface LostCopy {
  readonly record: NeededRecord;
  readonly object: string;
  readonly message: string;
}

/**
 * One restore: reads a portion of the tree, then every pack (range) that it needs once, in parallel, until the tree ends; a tree of some ten thousand pieces
 * is one portion. Pieces that a damaged copy had are read from another copy.
 */
export class TreeRestore {
  readonly #parts: RestoreParts;
  readonly #reader: PieceReader;
  readonly #options: RestoreOptions;
  readonly #target: RestoreTarget;
  /** Of the portion that is in work. */
  #files: { target: TargetFile; path: string; pieces: number }[] = [];
  #needed = new NeededRecords();
  #pieces = 0;
  readonly #crew: Crew;
  readonly #syncs = new Crew(SYNCS_AT_ONCE);
  readonly #progress: Progress = { files: 0, filesTotal: 0, bytes: 0, bytesTotal: 0 };
  readonly #packsRead = new Set<number>();
  #bytesRead = 0;
  readonly #lost: LostCopy[] = [];
  #small: (TargetFile & { content: Uint8Array })[] = [];
  #remaining = new SharedArrayBuffer(4);

  constructor(parts: RestoreParts, target: RestoreTarget, options: RestoreOptions) {
    this.#parts = parts;
    this.#target = target;
    this.#options = options;
    this.#reader = new PieceReader(parts.scope, parts.index);
    this.#crew = new Crew(parts.pool.size * 3);
  }

  async run(root: PieceId): Promise<RestoreReport> {
    try {
      return await this.#run(root);
    } finally {
      await this.#crew.settled();
      await this.#syncs.settled();
      this.#parts.pool.reads.trim();
    }
  }

  async #run(root: PieceId): Promise<RestoreReport> {
    for await (const entry of walkEntries(this.#reader, rootId(root))) {
      this.#options.signal?.throwIfAborted();
      if (this.#options.filter?.(entry) !== false) await this.#take(entry);
    }
    await this.#writeSmall();
    await this.#readPortion();
    await this.#syncs.done();
    await this.#target.finish();
    const { filesTotal: objects, bytesTotal: bytes } = this.#progress;
    return { objects, bytes, packsRead: this.#packsRead.size, bytesRead: this.#bytesRead };
  }

  /** Everything that the files taken so far need. */
  async #readPortion(): Promise<void> {
    this.#remaining = new SharedArrayBuffer(4 * Math.max(1, this.#files.length));
    new Int32Array(this.#remaining).set(this.#files.map(({ pieces }) => pieces));
    await this.#readPacks(this.#needed);
    await this.#readOtherCopies();
    this.#files = [];
    this.#needed = new NeededRecords();
    this.#pieces = 0;
  }

  async #take(entry: TreeEntry): Promise<void> {
    if (entry.kind === 'dir') return this.#target.folder(entry);
    if (entry.kind === 'symlink') return this.#target.link(entry);
    if (!entry.pinned) return this.#takeFile(entry);
    if (!this.#options.pinned) throw new PinnedOnly(entry.path);
    const held = this.#options.pinned(entry);
    if (held !== 'left-to-caller') await this.#takeFile(holding(entry, held));
  }

  async #takeFile(entry: TreeEntry): Promise<void> {
    this.#progress.filesTotal++;
    this.#progress.bytesTotal += entry.size;
    const target = await this.#target.file(entry, this.#files.length);
    if (entry.pieces.length === 0) {
      this.#small.push({ ...target, content: new Uint8Array(entry.inline ?? []) });
      if (this.#small.length >= SMALL_FILES) await this.#writeSmall();
      return;
    }
    this.#files.push({ target, path: entry.path, pieces: entry.pieces.length });
    let at = 0;
    for (const { id, length } of entry.pieces) {
      this.#need(Buffer.from(id, 'hex'), { slot: target.slot, at }, entry.path);
      at += length;
    }
    this.#pieces += entry.pieces.length;
    if (this.#pieces >= (this.#parts.portionPieces ?? PORTION_PIECES)) await this.#readPortion();
  }

  #need(id: Uint8Array, use: { slot: number; at: number }, path: string): void {
    const copy = this.#parts.index.pieces.copyOf(id);
    if (!copy) throw this.#reader.unresolved(id, [path]);
    this.#needed.add(id, copy, use);
  }

  async #writeSmall(): Promise<void> {
    const files = this.#small;
    this.#small = [];
    if (files.length === 0) return;
    await this.#crew.start(async () => {
      await this.#parts.pool.run({ type: 'write', files });
      this.#advance(
        files.length,
        files.reduce((sum, { content }) => sum + content.length, 0),
      );
    });
  }

  async #readPacks(needed: NeededRecords): Promise<void> {
    for (const [pack, records] of needed.packs) {
      this.#packsRead.add(pack);
      for (const range of rangesOf(records.values())) {
        this.#options.signal?.throwIfAborted();
        await this.#crew.start(() => this.#readRange(pack, range));
      }
    }
    await this.#crew.done();
  }

  async #readRange(ordinal: number, { start, end, records }: PackRange): Promise<void> {
    const { scope, index } = this.#parts;
    const pack = index.pieces.packs[ordinal]!;
    const object = scope.names.pack(pack.kind, pack.name);
    const parts = { ...this.#parts, fileOf: (slot: number) => this.#files[slot]!.target, remaining: this.#remaining };
    try {
      const { outcomes, finished, written, deltaBytes } = await runUnpack(parts, { pack: ordinal, start, end, whole: false, records });
      this.#bytesRead += end - start;
      this.#bytesRead += deltaBytes;
      for (const { record, lost } of outcomes) if (lost) this.#lose(record, lost.object, messageOf(lost));
      this.#advance(finished.length, written);
      for (const slot of finished) await this.#sync(this.#files[slot]!.target);
    } catch (cause) {
      if (!(cause instanceof DrError) || !/^(store|keys)\./.test(cause.code)) throw cause;
      for (const record of records.flatMap((whole) => [whole, ...(whole.deltas ?? [])])) this.#lose(record, object, missingOr(cause));
    }
  }

  /** A base that is needed only for deltas is lost with them. */
  #lose(record: NeededRecord, object: string, message: string): void {
    if (record.uses.length > 0) this.#lost.push({ record, object, message });
  }

  /** Reads what a damaged or missing copy was for from another copy, until nothing is lost or no copy is left. @throws Damaged. */
  async #readOtherCopies(): Promise<void> {
    const tried = new Map<string, Set<string>>();
    while (this.#lost.length > 0) {
      const lost = this.#lost.splice(0);
      await this.#parts.index.load();
      const again = new NeededRecords();
      const hopeless = lost.filter(({ record, object }) => {
        const id = Buffer.from(record.id).toString('hex');
        const bad = tried.get(id) ?? new Set<string>();
        tried.set(id, bad.add(object));
        const other = this.#otherCopy(record, bad);
        if (other)
          for (let use = 0; use < record.uses.length; use += 2)
            again.add(record.id, other, { slot: record.uses[use]!, at: record.uses[use + 1]! });
        return !other;
      });
      if (hopeless.length > 0) throw this.#damaged(hopeless);
      await this.#readPacks(again);
    }
  }

  #otherCopy({ id }: NeededRecord, bad: ReadonlySet<string>) {
    const { index, scope } = this.#parts;
    return index.pieces.copyOf(id, (ordinal) => {
      const pack = index.pieces.packs[ordinal]!;
      return !bad.has(scope.names.pack(pack.kind, pack.name));
    });
  }

  #damaged(lost: readonly LostCopy[]): Damaged {
    const { object, message } = lost[0]!;
    const paths = new Set<string>();
    for (const { record } of lost.filter((copy) => copy.object === object)) {
      for (let use = 0; use < record.uses.length; use += 2) paths.add(this.#files[record.uses[use]!]!.path);
    }
    const others = new Set(lost.map((copy) => copy.object)).size - 1;
    return new Damaged(object, others > 0 ? `${message}; ${others} more objects are hit` : message, { paths: [...paths] });
  }

  /** Large files go to the disk while others are read: at the end there is less to wait for. Small ones are cheaper all at once. */
  async #sync({ path, size }: TargetFile): Promise<void> {
    if (size >= SYNC_FROM_BYTES) await this.#syncs.start(() => this.#target.sync(path));
  }

  #advance(files: number, bytes: number): void {
    this.#progress.files += files;
    this.#progress.bytes += bytes;
    this.#options.progress?.({ ...this.#progress });
  }
}

/** The bytes of `held` under the name, owner and times of `entry`. */
function holding(entry: TreeEntry, { size, pieces, inline, pinned }: TreeEntry): TreeEntry {
  if (pinned || size !== entry.size) throw new PinnedOnly(entry.path);
  return { ...entry, pieces, inline };
}

const messageOf = ({ message, error }: { message: string; error?: DrError }): string => (error ? missingOr(error) : message);

const missingOr = (cause: DrError): string => (cause instanceof ObjectMissing ? 'it is missing from the store' : cause.message);

/** Restores a tree into an empty or absent folder. */
export async function restoreTree(parts: RestoreParts, root: PieceId, targetDir: string, options: RestoreOptions): Promise<RestoreReport> {
  const target = await RestoreTarget.prepare(targetDir);
  return new TreeRestore(parts, target, options).run(root);
}
