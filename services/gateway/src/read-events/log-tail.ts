import { logHead, readLog, type StoredEvent } from '@dr/event-store';
import { NUDGE, onNudge, type Stop } from '@dr/messaging';
import { type House, InjectHouse } from '@dr/service';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';

/** Newest events that are kept in memory, so that a hundred streams read the log once: so many, and so many bytes of JSON. One may have a megabyte. */
const KEPT_MAX = 2_000;
const KEPT_BYTES_MAX = 32_000_000;
const BATCH_MAX = 500;
/** So many events are looked at, at a time and in all, for one that a caller may see. */
const LOOK_BACK = 100;
const LOOKED_BACK_MAX = 2_000;
/** A nudge can be lost; then the poll finds what it announced. */
const POLL_MS = 500;

interface Kept {
  readonly event: StoredEvent;
  readonly bytes: number;
}

/** The end of the log, followed for as long as somebody listens. */
@Injectable()
export class LogTail implements OnApplicationBootstrap, OnModuleDestroy {
  private kept: readonly Kept[] = [];
  private readonly waiting = new Set<() => void>();
  private stopNudges: Stop | undefined;

  constructor(@InjectHouse() private readonly house: House) {}

  onApplicationBootstrap(): void {
    this.stopNudges = onNudge(this.house.bus, NUDGE.log, () => this.wake());
  }

  async onModuleDestroy(): Promise<void> {
    await this.stopNudges?.();
    this.wake();
  }

  async head(): Promise<number> {
    return (await logHead(this.house.database)).position;
  }

  /** The next events after a position, at most 500; empty: there is nothing yet. */
  async after(position: number): Promise<StoredEvent[]> {
    const first = this.kept[0]?.event.position;
    const last = this.kept.at(-1)?.event.position;
    if (first !== undefined && position + 1 >= first && position < last!) {
      const from = position + 1 - first;
      return this.kept.slice(from, from + BATCH_MAX).map(({ event }) => event);
    }
    const events = await readLog(this.house.database, position, BATCH_MAX);
    this.keep(events);
    return events;
  }

  /** The newest event up to a position that `isWanted`; undefined when none of the last ones is. */
  async newestBefore(position: number, isWanted: (event: StoredEvent) => boolean): Promise<StoredEvent | undefined> {
    for (let end = position; end > Math.max(0, position - LOOKED_BACK_MAX); end -= LOOK_BACK) {
      const found = (await readLog(this.house.database, Math.max(0, end - LOOK_BACK), Math.min(LOOK_BACK, end))).findLast(isWanted);
      if (found) return found;
    }
    return undefined;
  }

  /** Until there may be something new, or the signal. */
  async changed(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, POLL_MS);
      this.waiting.add(done);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }

  private wake(): void {
    for (const done of [...this.waiting]) done();
  }

  /** Only what joins on to the kept ones, so that they stay without a hole. */
  private keep(events: readonly StoredEvent[]): void {
    const [first] = events;
    const last = this.kept.at(-1)?.event.position;
    if (!first || (last !== undefined && first.position <= last)) return;
    const before = first.position - 1 === last ? this.kept : [];
    this.kept = newest([...before, ...events.map((event) => ({ event, bytes: JSON.stringify(event.data).length }))]);
  }
}

function newest(all: readonly Kept[]): Kept[] {
  let [from, bytes] = [all.length, 0];
  while (from > 0 && all.length - from < KEPT_MAX && bytes + all[from - 1]!.bytes <= KEPT_BYTES_MAX) bytes += all[--from]!.bytes;
  return all.slice(from);
}
