import type { DataSource } from 'typeorm';
import { AdvisoryLocks } from './advisory-lock.ts';
import { integer, type Queryable, rows } from './database.ts';
import { PollLoop } from './poll-loop.ts';

export interface SequencerOptions {
  database: DataSource;
  /** Default 250 ms; a nudge after each append makes it a fall-back. */
  pollMs?: number;
  /** Events per transaction, default 500. */
  batchMax?: number;
  /**
   * Runs whenever the leadership was won, before anything is sealed: the place to compare the log with its copy elsewhere, since the database may be an
   * older one than before. When it throws, nothing is sealed, and it runs again after a while.
   */
  beforeLeading?: (connection: Queryable) => Promise<void>;
  /** After events were sealed: tell the readers. Must not throw. */
  onSealed?: (head: number, count: number) => void;
  /** After a logical restore: this many waiting events came from another cluster and were put in order again. */
  onAdopted?: (count: number) => void;
  onError?: (error: unknown) => void;
}

export type SequencerState =
  | { status: 'stopped' | 'follower' | 'leader'; head: number }
  | { status: 'failing'; head: number; error: unknown };

/**
 * Gives events their dense position and links the hash chain. Start one in as many processes as you like: the holder of the lock works,
 * the others stand by. Each batch is one statement on the connection that holds the lock; a crash loses the batch, never half of it.
 */
export class Sequencer {
  private readonly options: SequencerOptions;
  private readonly batchMax: number;
  private readonly locks: AdvisoryLocks;
  private readonly loop: PollLoop;
  private current: SequencerState = { status: 'stopped', head: 0 };
  /** The connection whose leadership was prepared: a new one is a new leadership. */
  private preparedOn: Queryable | undefined;

  constructor(options: SequencerOptions) {
    this.options = options;
    this.batchMax = options.batchMax ?? 500;
    this.locks = new AdvisoryLocks(options.database);
    this.loop = new PollLoop({ round: () => this.round(), pollMs: options.pollMs ?? 250, onError: (error) => this.failed(error) });
  }

  get state(): SequencerState {
    return this.current;
  }

  start(): void {
    this.loop.start();
  }

  /** Something was appended: look now instead of at the next poll. */
  nudge(): void {
    this.loop.nudge();
  }

  /** Ends the present batch and gives the leadership away. */
  async stop(): Promise<void> {
    await this.loop.stop();
    await this.locks.close();
    this.preparedOn = undefined;
    this.current = { status: 'stopped', head: this.current.head };
  }

  private async round(): Promise<boolean> {
    if (!(await this.locks.tryAcquire('sequencer'))) {
      this.current = { status: 'follower', head: this.current.head };
      return false;
    }
    const connection = await this.locks.connection();
    await this.prepare(connection);
    const { sealed, head, adopted } = await seal(connection, this.batchMax);
    this.current = { status: 'leader', head };
    if (adopted > 0) this.options.onAdopted?.(adopted);
    if (sealed > 0) this.options.onSealed?.(head, sealed);
    return sealed === this.batchMax;
  }

  private async prepare(connection: Queryable): Promise<void> {
    if (this.preparedOn === connection) return;
    await this.options.beforeLeading?.(connection);
    this.preparedOn = connection;
  }

  private failed(error: unknown): undefined {
    this.current = { status: 'failing', head: this.current.head, error };
    this.options.onError?.(error);
  }
}

/** Seals at most `limit` events in one transaction. */
export async function seal(on: Parameters<typeof rows>[0], limit: number): Promise<{ sealed: number; head: number; adopted: number }> {
  type Answer = { sealed: number; head: string; adopted: string };
  const [answer] = await rows<Answer>(on, 'SELECT sealed, head, adopted FROM seal_events($1)', [limit]);
  return { sealed: answer!.sealed, head: integer(answer!.head), adopted: integer(answer!.adopted) };
}
