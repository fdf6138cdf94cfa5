import { type ObjectKey, ObjectMissing, type ObjectStore } from '@dr/storage';
import { Damaged, OpenedForReading } from '../errors.ts';
import { LOG_PREFIX, logKey, logPlace } from '../format/object-names.ts';
import { putSurely } from '../session/put-surely.ts';
import { damageOf, decoding } from '../tenant-scope.ts';
import { CHAIN_START, chainedAll } from './chain.ts';
import { type LogSegmentName, type LogStep, stepsOf } from './log-order.ts';
import { decodeLogSegment, encodeLogSegment, type LogScope, type LogSegment, type ReadLogSegment } from './log-segment.ts';

/** What a reader of the archived log meets, in the order of the positions. */
export type LogPart =
  | { readonly kind: 'events'; readonly segment: ReadLogSegment }
  /** Positions `from` to `to` cannot be read; `to` is missing when nothing comes after. What comes next does not follow on the chain. */
  | { readonly kind: 'break'; readonly from: number; readonly to?: number; readonly object: ObjectKey; readonly reason: string };

/**
 * The event log's copy in the repository: segments that are created if absent and never changed (REPOSITORY.md sections 1 and 5). Every reader checks
 * the hash chain over what it reads.
 */
export interface LogArchive {
  /** Every segment there is, old tails of forks included, by epoch and position. */
  names(): Promise<LogSegmentName[]>;
  /** @throws Damaged, ObjectMissing, FormatTooNew. */
  read(name: Pick<LogSegmentName, 'epoch' | 'first'>): Promise<ReadLogSegment>;
  /** Stores a segment. @returns the one that was there first, whoever put it; undefined when it is ours. */
  put(segment: LogSegment): Promise<ReadLogSegment | undefined>;
  /** The newest epoch's log behind a position. Damage and gaps are parts of it, not errors. @throws what the store throws; FormatTooNew. */
  parts(after: number): AsyncGenerator<LogPart>;
}

/** Segments that are read at once: most are a few kilobytes. */
const READ_AHEAD = 16;

export class OpenedLogArchive implements LogArchive {
  readonly #store: ObjectStore;
  readonly #scope: LogScope;
  readonly #mode: 'read' | 'write';

  constructor(store: ObjectStore, scope: LogScope, mode: 'read' | 'write') {
    this.#store = store;
    this.#scope = scope;
    this.#mode = mode;
  }

  async names(): Promise<LogSegmentName[]> {
    const names: LogSegmentName[] = [];
    for await (const page of this.#store.list(LOG_PREFIX)) {
      for (const { key } of page) {
        const place = logPlace(key);
        if (place) names.push({ key, ...place });
      }
    }
    return names.sort((a, b) => a.epoch - b.epoch || a.first - b.first);
  }

  async read({ epoch, first }: Pick<LogSegmentName, 'epoch' | 'first'>): Promise<ReadLogSegment> {
    const key = logKey(epoch, first);
    const bytes = await this.#store.read(key);
    return decoding(key, () => decodeLogSegment(this.#scope, { epoch, first }, bytes));
  }

  async put(segment: LogSegment): Promise<ReadLogSegment | undefined> {
    if (this.#mode !== 'write') throw new OpenedForReading('Archiving the event log');
    const key = logKey(segment.epoch, segment.first);
    if ((await putSurely(this.#store, key, encodeLogSegment(this.#scope, segment))) === 'created') return undefined;
    return this.read(segment);
  }

  async *parts(after: number): AsyncGenerator<LogPart> {
    const steps = stepsOf(await this.names());
    const wanted = steps.filter((step, i) => (steps[i + 1]?.first ?? Number.POSITIVE_INFINITY) > after + 1 && step.until > after);
    let expected = after + 1;
    let hash: string | undefined = after === 0 ? CHAIN_START : undefined;
    for await (const { step, read } of this.#ahead(wanted)) {
      const part = read instanceof Damaged ? damagedPart(step, wanted, read) : partOf(read, step, expected, hash);
      if (part === undefined) continue;
      if (part.kind === 'events') {
        if (part.segment.first > expected) yield gap(step.epoch, expected, part.segment.first - 1);
        yield part;
        expected = part.segment.last + 1;
        hash = part.segment.hash;
      } else {
        yield part.from > expected ? { ...part, from: expected } : part;
        expected = (part.to ?? part.from) + 1;
        hash = undefined;
      }
    }
  }

  /** In order, with some reads on their way. */
  async *#ahead(steps: readonly LogStep[]): AsyncGenerator<{ step: LogStep; read: ReadLogSegment | Damaged }> {
    const reads: Promise<ReadLogSegment | Damaged>[] = [];
    for (let i = 0; i < steps.length; i++) {
      while (reads.length < Math.min(i + READ_AHEAD, steps.length)) reads.push(held(this.#readOrDamage(steps[reads.length]!)));
      yield { step: steps[i]!, read: await reads[i]! };
      reads[i] = held(Promise.resolve(undefined as never));
    }
  }

  async #readOrDamage(step: LogStep): Promise<ReadLogSegment | Damaged> {
    try {
      return await this.read(step);
    } catch (error) {
      if (error instanceof ObjectMissing) return new Damaged(step.key, 'it was listed, but is gone');
      return damageOf(step.key, error);
    }
  }
}

/** Its failure is told when its turn comes, and is not unhandled until then. */
function held<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

const gap = (epoch: number, from: number, to: number): LogPart => ({
  kind: 'break',
  from,
  to,
  object: logKey(epoch, from),
  reason: `the segment with position ${from} is missing`,
});

/** How far a segment that cannot be read went: up to the next one. */
function damagedPart({ key, first, until }: LogStep, steps: readonly LogStep[], { message }: Damaged): LogPart {
  const next = steps.find((step) => step.first > first);
  const to = next ? Math.min(next.first - 1, until) : undefined;
  return { kind: 'break', from: first, ...(to !== undefined && { to }), object: key, reason: message };
}

/** What a segment adds behind what was read before; undefined: nothing. */
function partOf(segment: ReadLogSegment, { key, until }: LogStep, expected: number, before: string | undefined): LogPart | undefined {
  const cut = between(segment, expected, until);
  if (!cut) return undefined;
  if (before !== undefined && cut.first === expected && cut.previous !== before) {
    const reason = `Object ${key} does not follow on the hash chain of the segment before it.`;
    return { kind: 'break', from: expected, to: cut.last, object: key, reason };
  }
  return { kind: 'events', segment: cut };
}

/** The part of a segment from `from` to `until`; an overlap with what is known already is left out. */
function between(segment: ReadLogSegment, from: number, until: number): ReadLogSegment | undefined {
  const [skip, end] = [Math.max(0, from - segment.first), Math.min(segment.last, until) - segment.first + 1];
  if (skip >= end) return undefined;
  if (skip === 0 && end === segment.bodies.length) return segment;
  const previous = chainedAll(segment.previous, segment.bodies.slice(0, skip));
  const bodies = segment.bodies.slice(skip, end);
  return { ...segment, first: segment.first + skip, last: segment.first + end - 1, previous, bodies, hash: chainedAll(previous, bodies) };
}
