import type { SourceFile } from '@dr/storage';
import { changedAtNs, identityOf, isRacy, ListingDigest, TICK_MS } from './identity.ts';
import type { Ahead } from './list-ahead.ts';
import { BARRIER, type PlannedFile, type SourceNotes } from './planned-file.ts';
import { EarlierListing, type Known, RoundListing } from './round-listing.ts';
import { gone } from './to-planned.ts';

export interface RoundLimits {
  /** Copies, the first one included. */
  readonly roundsMax: number;
  /** No further round begins later than this after the first copy. */
  readonly timeMsMax: number;
}

/** Source: DEEPLAKE.md 3.1 step 4. */
export const ROUND_LIMITS: RoundLimits = { roundsMax: 10, timeMsMax: 120_000 };

export interface Settling {
  /** Everything that belongs to the copy, as it is now. */
  readonly list: () => AsyncIterable<SourceFile[]>;
  /** Plans new and changed entries, in the order in which they are read; may hold them back until the listing has ended. */
  readonly plan: (changed: AsyncIterable<SourceFile[]>) => AsyncIterable<PlannedFile[]>;
  readonly notes: SourceNotes;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly limits?: RoundLimits;
  /** When it never comes to rest: leave out what appeared after the first listing began. */
  readonly timeCut?: boolean;
  /**
   * When it never comes to rest: a closing round in which this file is read before the others are listed. What it calls finished is then copied as it
   * was finished.
   */
  readonly anchor?: () => Promise<SourceFile | undefined>;
  /** The plan is made before anybody can read. */
  readonly ahead?: Ahead;
}

/**
 * LIST, copy, LIST again, copy only what is new or changed, take back what is gone, until two listings are equal: then the copy is the source as it
 * was when the last listing began. A file so young that its times prove nothing is read a second time, when a tick later it still looks the same.
 * When rounds or time run out, `notes.unsettled` says so. Source: DEEPLAKE.md 3.1 steps 2 to 4, 3.2.
 * Ahead of a capture the second listing follows at once, and is the last one if nothing had to be read: all that is copied then are identities that both show.
 */
export async function* settle(settling: Settling): AsyncIterable<PlannedFile[]> {
  const { notes, sleep, now, limits = ROUND_LIMITS } = settling;
  const copy = new GrowingCopy(settling);
  let copiedAtMs: number | undefined;
  for (let round = 1; ; round++) {
    yield* copy.round(round);
    if (round > 1 && copy.differing === 0) return;
    if (round >= limits.roundsMax || now() - (copiedAtMs ?? now()) > limits.timeMsMax) {
      notes.unsettled = { rounds: round, entries: copy.differing, paths: copy.examples };
      if (settling.timeCut) yield* copy.cutLate();
      if (settling.anchor) yield* copy.closingRound(round + 1, await settling.anchor());
      return;
    }
    const rests = round === 1 && (await copy.restsAhead());
    yield BARRIER;
    if (rests && settling.ahead?.untouched()) return;
    copiedAtMs ??= now();
    if (round > 1 || copy.racy) await sleep(pauseMs(round));
  }
}

/** A writer that rests between its flushes is met in one of its rests: the first rounds come quickly, later ones give a long flush time to end. */
function pauseMs(round: number): number {
  return TICK_MS + 5 + Math.max(0, round - 3) * 50;
}

async function* onePage(page: SourceFile[]): AsyncIterable<SourceFile[]> {
  yield page;
}

const EXAMPLES_MAX = 5;

/** The copy as far as it was planned: about 60 bytes a path, twice that while a listing is compared with the one before. */
class GrowingCopy {
  /** Entries but folders that had to be read, or taken back, in this round. */
  differing = 0;
  examples: string[] = [];
  /** Some that were read in this round are so young that their identity proves nothing. */
  racy = false;
  readonly #settling: Settling;
  /** Of the last round. */
  #planned = new RoundListing();
  /** What is not in the first listing and was written after this, by the clock of a file system, appeared since. */
  readonly #startNs: bigint;
  /** Was read in front of this round. */
  #anchor: string | undefined;
  /** Digest of all that the first listing showed; only ahead of a capture. */
  #first: string | undefined;

  constructor(settling: Settling) {
    this.#settling = settling;
    this.#startNs = BigInt(Math.floor(settling.now()) - TICK_MS) * 1_000_000n;
  }

  async *round(round: number): AsyncIterable<PlannedFile[]> {
    this.differing = 0;
    this.examples = [];
    this.racy = false;
    const vanished: string[] = [];
    yield* this.#settling.plan(this.#changes(round, vanished));
    const gone = vanished.filter((path) => !this.#planned.outOfOrder.has(path));
    if (gone.length > 0) yield gone.map((path) => this.#takeBack(path));
  }

  /** Whether a listing that begins now shows what the first one did, and no file is so young that this proves nothing. */
  async restsAhead(): Promise<boolean> {
    const { ahead, list } = this.#settling;
    if (!ahead?.isEarly() || this.racy) return false;
    const digest = new ListingDigest(true);
    for await (const page of list()) {
      if (!ahead.isEarly()) return false;
      for (const file of page) digest.add(file, identityOf(file));
    }
    return digest.value() === this.#first;
  }

  async *closingRound(round: number, anchor: SourceFile | undefined): AsyncIterable<PlannedFile[]> {
    yield BARRIER;
    if (anchor) {
      this.#anchor = anchor.path;
      yield* this.#settling.plan(onePage([anchor]));
      yield BARRIER;
    }
    yield* this.round(round);
  }

  /** Leaves out what appeared since the first listing began; what was there before and changed since stays as it was last read. */
  *cutLate(): Iterable<PlannedFile[]> {
    const late: string[] = [];
    for (const planned of this.#planned.entries()) if (planned.late) late.push(planned.path);
    this.#settling.notes.cut = late.length;
    if (late.length > 0) yield late.map((path) => this.#takeBack(path));
  }

  async *#changes(round: number, vanished: string[]): AsyncIterable<SourceFile[]> {
    const { list, notes, now } = this.#settling;
    const [startMs, digest] = [now(), new ListingDigest()];
    const exact = this.#settling.ahead && round === 1 ? new ListingDigest(true) : undefined;
    const before = new EarlierListing(this.#planned, (path) => vanished.push(path));
    this.#planned = new RoundListing();
    for await (const page of list()) {
      const changed = page.filter((file) => {
        const identity = identityOf(file);
        digest.add(file, identity);
        exact?.add(file, identity);
        if (file.kind === 'file' && changedAtNs(file) > notes.changedAtNs) notes.changedAtNs = changedAtNs(file);
        return this.#mustBeRead(file, identity, before.take(file.path), { round, startMs });
      });
      if (changed.length > 0) yield changed;
    }
    before.end();
    notes.listing = digest.value();
    this.#first ??= exact?.value();
  }

  /** New, changed, or seen unchanged for a tick now after it was read when it was too young. */
  #mustBeRead(
    file: SourceFile,
    identity: string,
    known: Known | undefined,
    { round, startMs }: { round: number; startMs: number },
  ): boolean {
    const { path, kind } = file;
    const same = known?.identity === identity;
    if (known && (path === this.#anchor || (same && !known.racy))) {
      this.#planned.add(path, known);
      return false;
    }
    const racy = !same && isRacy(file, startMs);
    const late = known ? known.late : round > 1 && kind === 'file' && file.mtimeNs > this.#startNs;
    this.#planned.add(path, { identity, racy, late });
    this.racy ||= racy;
    if (kind !== 'dir') this.#count(path);
    return true;
  }

  #takeBack(path: string): PlannedFile {
    this.#settling.notes.skipped.delete(path);
    this.#count(path);
    return gone(path);
  }

  #count(path: string): void {
    this.differing++;
    if (this.examples.length < EXAMPLES_MAX) this.examples.push(path);
  }
}
