import type { DataSource } from 'typeorm';
import { AdvisoryLocks } from './advisory-lock.ts';
import { moveCheckpoint, openCheckpoint } from './checkpoint.ts';
import { CheckpointMoved } from './errors.ts';
import type { StoredEvent } from './event.ts';
import { readLogPage } from './event-log.ts';
import { PollLoop } from './poll-loop.ts';

export interface RelayOptions {
  database: DataSource;
  /** Checkpoint's name, default 'relay'. */
  name?: string;
  /**
   * Publishes the batch in order and resolves when every event is acknowledged as stored. Called again with the same events after a
   * failure or a crash, so it gives each event's id as the message id.
   */
  publish: (events: readonly StoredEvent[]) => Promise<void>;
  batchMax?: number;
  pollMs?: number;
  locks?: AdvisoryLocks;
  onError?: (error: unknown) => void;
}

export type RelayState =
  | { status: 'stopped' | 'follower' | 'running'; position: number }
  | { status: 'failing'; position: number; error: unknown };

/**
 * Copies the log to the bus: at least once, in order, from its own checkpoint. Events go out as they were stored, without upcasting.
 * It waits for ever when the bus is away. To publish again from a position, stop it and use `resetCheckpoint`.
 */
export class Relay {
  private readonly options: RelayOptions;
  private readonly id: { name: string; version: number };
  private readonly locks: AdvisoryLocks;
  private readonly loop: PollLoop;
  private current: RelayState = { status: 'stopped', position: 0 };
  private position: number | undefined;

  constructor(options: RelayOptions) {
    this.options = options;
    this.id = { name: options.name ?? 'relay', version: 1 };
    this.locks = options.locks ?? new AdvisoryLocks(options.database);
    this.loop = new PollLoop({ round: () => this.round(), pollMs: options.pollMs ?? 250, onError: (error) => this.failed(error) });
  }

  get state(): RelayState {
    return this.current;
  }

  start(): void {
    this.loop.start();
  }

  nudge(): void {
    this.loop.nudge();
  }

  async stop(): Promise<void> {
    await this.loop.stop();
    await (this.options.locks ? this.locks.release(this.lockName) : this.locks.close());
    this.position = undefined;
    this.current = { status: 'stopped', position: this.current.position };
  }

  private get lockName(): string {
    return `relay ${this.id.name}`;
  }

  private async round(): Promise<boolean> {
    const { database, publish, batchMax = 500 } = this.options;
    if (!this.locks.isHeld(this.lockName)) this.position = undefined;
    if (!(await this.locks.tryAcquire(this.lockName))) {
      this.current = { status: 'follower', position: this.current.position };
      return false;
    }
    this.position ??= (await openCheckpoint(database, this.id)).position;
    const { events, more } = await readLogPage(database, this.position, batchMax);
    if (events.length > 0) {
      await publish(events);
      const to = events.at(-1)!.position;
      await moveCheckpoint(database, this.id, this.position, to);
      this.position = to;
    }
    this.current = { status: 'running', position: this.position };
    return more;
  }

  private failed(error: unknown): undefined {
    if (error instanceof CheckpointMoved) this.position = undefined;
    this.current = { status: 'failing', position: this.current.position, error };
    this.options.onError?.(error);
  }
}
