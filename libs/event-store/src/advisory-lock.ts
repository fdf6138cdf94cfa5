import { createHash } from 'node:crypto';
import type { DataSource, QueryRunner } from 'typeorm';
import { type Queryable, rows } from './database.ts';

/**
 * Leadership by session advisory locks, on one dedicated connection that never holds a transaction open (an open one with a
 * transaction id would stall the log). The locks die with the connection: `isHeld` turns false, and the next `tryAcquire` begins anew.
 * One object may hold many locks. What is done under a lock must stay right when the lock was lost without notice (compare-and-set).
 */
export class AdvisoryLocks {
  private readonly database: DataSource;
  private runner: QueryRunner | undefined;
  private readonly held = new Set<string>();

  constructor(database: DataSource) {
    this.database = database;
  }

  /** True when the lock is ours now, newly or still. Never waits for another holder. */
  async tryAcquire(name: string): Promise<boolean> {
    if (this.isHeld(name)) return true;
    const connection = await this.connection();
    const got = await this.ask(connection, name);
    if (got && this.runner === connection) this.held.add(name);
    return this.isHeld(name);
  }

  /** A connection that was cut off before anybody listened says so only when it is used: it is given up, so that the next try has another. */
  private async ask(connection: QueryRunner, name: string): Promise<boolean> {
    try {
      const [answer] = await rows<{ got: boolean }>(connection, 'SELECT pg_try_advisory_lock(7102, $1) AS got', [lockNumber(name)]);
      return answer!.got;
    } catch (error) {
      if (this.runner === connection) await this.close();
      throw error;
    }
  }

  isHeld(name: string): boolean {
    if (this.runner?.isReleased) this.forget();
    return this.held.has(name);
  }

  async release(name: string): Promise<void> {
    if (!this.isHeld(name)) return;
    this.held.delete(name);
    await this.runner!.query('SELECT pg_advisory_unlock(7102, $1)', [lockNumber(name)]).catch(() => this.forget());
  }

  /** The connection that holds the locks: what runs here fails when the locks are lost. */
  async connection(): Promise<Queryable & QueryRunner> {
    if (this.runner?.isReleased) this.forget();
    if (!this.runner) {
      const runner = this.database.createQueryRunner();
      await runner.connect();
      this.runner ??= runner;
      if (this.runner !== runner) await runner.release();
    }
    return this.runner;
  }

  /** Gives up every lock and the connection. The object may be used again. */
  async close(): Promise<void> {
    const runner = this.runner;
    this.forget();
    if (!runner || runner.isReleased) return;
    await runner.query('SELECT pg_advisory_unlock_all()').catch(() => undefined);
    await runner.release();
  }

  private forget(): void {
    this.runner = undefined;
    this.held.clear();
  }
}

/** Lock names become 31-bit numbers; two names that collide would only take turns. */
function lockNumber(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32BE() >>> 1;
}
