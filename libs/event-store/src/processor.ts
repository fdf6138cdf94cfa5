import type { DataSource, EntityManager } from 'typeorm';
import { AdvisoryLocks } from './advisory-lock.ts';
import { goLive, liveVersion, moveCheckpoint, notePoison, openCheckpoint } from './checkpoint.ts';
import { isTransient } from './database.ts';
import { CheckpointMoved } from './errors.ts';
import { domainCodec, type EventCodec, type LoggedEvent, type StoredEvent, upToDate } from './event.ts';
import { type LogPage, readLogPage } from './event-log.ts';
import { PollLoop } from './poll-loop.ts';
import { checkStreamOrder } from './stream-order.ts';

/**
 * Processes a batch inside the transaction that also moves the checkpoint. Everything written goes through `tx`; the function that may
 * be returned runs after COMMIT (nudges, triggers), at most once, and is lost when the process dies: whoever it wakes must also poll.
 */
export type HandleEvents = (tx: EntityManager, events: readonly LoggedEvent[]) => Promise<AfterCommit | undefined>;
export type AfterCommit = () => Promise<void> | void;

export interface ProcessorOptions {
  database: DataSource;
  name: string;
  /** Raise it when the logic or the tables change: the new version is built from position 0 beside the old and goes live when caught up. */
  version: number;
  handle: HandleEvents;
  codec?: EventCodec;
  /** Events per transaction at most, default 500. */
  batchMax?: number;
  /** Default 250 ms. */
  pollMs?: number;
  /** Shared by the processors of one service, so that they need one connection for their locks. Closed by whoever made it. */
  locks?: AdvisoryLocks;
  onError?: (error: unknown) => void;
  /** This version went live: readers have switched. */
  onLive?: () => void;
}

export type ProcessorState =
  | { status: 'stopped' | 'follower' | 'running'; position: number }
  | { status: 'failing'; position: number; error: unknown }
  /** Stands before the event at `poisonedAt` and stays there until the program is mended and started again. */
  | { status: 'poisoned'; position: number; poisonedAt: number; error: unknown };

const BATCH_MAX = 500;

/**
 * Reads the log by dense position and hands every event to `handle` exactly once: rows and checkpoint are one transaction. One process
 * at a time does it (advisory lock), and the compare-and-set of the checkpoint holds even if two should believe they may. Failures that
 * pass are tried again for ever; an event that `handle` cannot process stops the processor before it. Nothing is ever skipped.
 */
export class Processor {
  private readonly options: ProcessorOptions;
  private readonly locks: AdvisoryLocks;
  private readonly loop: PollLoop;
  private readonly lockName: string;
  private current: ProcessorState = { status: 'stopped', position: 0 };
  private position: number | undefined;
  private batch: number;
  private ahead: { readonly after: number; readonly page: Promise<LogPage> } | undefined;

  constructor(options: ProcessorOptions) {
    this.options = options;
    this.batch = options.batchMax ?? BATCH_MAX;
    this.locks = options.locks ?? new AdvisoryLocks(options.database);
    this.lockName = `processor ${options.name} ${options.version}`;
    this.loop = new PollLoop({ round: () => this.round(), pollMs: options.pollMs ?? 250, onError: (error) => this.failed(error) });
  }

  get state(): ProcessorState {
    return this.current;
  }

  start(): void {
    this.loop.start();
  }

  /** New positions were sealed: look now. */
  nudge(): void {
    this.loop.nudge();
  }

  /** Ends the present batch and gives the lock away. */
  async stop(): Promise<void> {
    await this.loop.stop();
    await this.ahead?.page.catch(() => undefined);
    await (this.options.locks ? this.locks.release(this.lockName) : this.locks.close());
    [this.position, this.ahead] = [undefined, undefined];
    if (this.current.status !== 'poisoned') this.current = { status: 'stopped', position: this.current.position };
  }

  private async round(): Promise<boolean> {
    const { database, batchMax = BATCH_MAX } = this.options;
    if (!this.locks.isHeld(this.lockName)) this.position = undefined;
    if (!(await this.locks.tryAcquire(this.lockName))) {
      this.current = { status: 'follower', position: this.current.position };
      return false;
    }
    this.position ??= (await openCheckpoint(database, this.options)).position;
    const { events, more } = await this.nextPage(this.position);
    if (more) this.readAhead(events.at(-1)!.position);
    if (events.length > 0) await this.process(this.position, events);
    if (!more) await this.catchUp();
    this.current = { status: 'running', position: this.position };
    this.batch = batchMax;
    return more;
  }

  private nextPage(after: number): Promise<LogPage> {
    const ahead = this.ahead?.after === after ? this.ahead.page : undefined;
    this.ahead = undefined;
    return ahead ?? readLogPage(this.options.database, after, this.batch);
  }

  /** While a batch is processed, the next one is read already: the log behind it does not change any more. */
  private readAhead(after: number): void {
    const page = readLogPage(this.options.database, after, this.options.batchMax ?? BATCH_MAX);
    page.catch(() => undefined); // told when it is asked for
    this.ahead = { after, page };
  }

  private async process(from: number, stored: StoredEvent[]): Promise<void> {
    const to = stored.at(-1)!.position;
    const { codec = domainCodec } = this.options;
    const events = stored.map((event): LoggedEvent => ({ ...upToDate(event, codec), position: event.position }));
    const afterCommit = await this.options.database.transaction(async (tx) => {
      await moveCheckpoint(tx, this.options, from, to);
      await checkStreamOrder(tx, events);
      return this.options.handle(tx, events);
    });
    this.position = to;
    try {
      await afterCommit?.();
    } catch (error) {
      this.options.onError?.(error);
    }
  }

  /** The end of the log is reached: a newer version takes over from the old one. */
  private async catchUp(): Promise<void> {
    const live = await liveVersion(this.options.database, this.options.name);
    if (live !== undefined && live < this.options.version && (await goLive(this.options.database, this.options))) this.options.onLive?.();
  }

  /** A batch that fails for good is tried event by event, so that the poisoned one is known by its position. */
  private failed(error: unknown): 'stop' | undefined {
    const position = this.position ?? this.current.position;
    this.ahead = undefined;
    this.options.onError?.(error);
    if (isTransient(error) || error instanceof CheckpointMoved || this.position === undefined) {
      this.position = undefined;
      this.current = { status: 'failing', position, error };
      return undefined;
    }
    if (this.batch > 1) {
      this.batch = 1;
      this.current = { status: 'failing', position, error };
      return undefined;
    }
    this.current = { status: 'poisoned', position, poisonedAt: position + 1, error };
    void notePoison(this.options.database, this.options, position + 1, String(error)).catch(() => undefined);
    return 'stop';
  }
}
