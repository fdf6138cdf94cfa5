import 'reflect-metadata';
import type { EventEmitter } from 'node:events';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { DatabaseUnfit } from './errors.ts';

/** What can run SQL: a DataSource, an EntityManager or a QueryRunner. A transaction (`tx`) is one of the latter two. */
export interface Queryable {
  query(sql: string, parameters?: unknown[]): Promise<unknown>;
}

export interface DatabaseOptions {
  /** postgres://user:password@host:port/database */
  url: string;
  /** Shown in pg_stat_activity; say which service it is. */
  applicationName: string;
  /** Connections at most. Leave room for the dedicated ones: one per sequencer, relay and set of processors. Default 10. */
  poolMax?: number;
  /** A transaction left idle this long is ended by the server, since every open write transaction stalls the log. Default 30 s. */
  idleInTransactionMs?: number;
  /** Default 60 s. */
  statementMs?: number;
  /** TypeORM entities of the service's read models. Never one for events. */
  entities?: NonNullable<DataSourceOptions['entities']>;
}

/** Opens a pool on the database. Throws what `pg` throws when the server cannot be reached: the caller decides how long to try. */
export async function openDatabase(options: DatabaseOptions): Promise<DataSource> {
  const database = new DataSource({
    type: 'postgres',
    url: options.url,
    applicationName: options.applicationName,
    poolSize: options.poolMax ?? 10,
    connectTimeoutMS: 10_000,
    synchronize: false,
    logging: false,
    entities: options.entities ?? [],
    extra: {
      idle_in_transaction_session_timeout: options.idleInTransactionMs ?? 30_000,
      statement_timeout: options.statementMs ?? 60_000,
      lock_timeout: 15_000,
      keepAlive: true,
      onConnect: listenForCuts,
    },
  });
  return database.initialize();
}

/**
 * The server may cut a connection off in the very packet that opens it, when pg-pool's listener is off already and TypeORM's not on yet: an
 * 'error' that nobody hears ends the process. Whoever uses such a connection next is told by its query, and the pool makes a new one.
 */
function listenForCuts(client: EventEmitter): void {
  client.on('error', () => undefined);
}

/** Rows of a SELECT or of an INSERT … RETURNING. */
export async function rows<Row>(on: Queryable, sql: string, parameters: unknown[] = []): Promise<Row[]> {
  return (await on.query(sql, parameters)) as Row[];
}

/**
 * As `rows`, for a statement that is asked all the time: each connection parses and plans it once. `name` belongs to this one text for ever.
 */
export async function preparedRows<Row>(on: Queryable, name: string, text: string, parameters: unknown[] = []): Promise<Row[]> {
  const statement = { name, text } as unknown as string; // TypeORM hands it to `pg` as it is, which takes both
  return (await on.query(statement, parameters)) as Row[];
}

/** Rows touched by an UPDATE or DELETE, which TypeORM answers as [rows, count]. */
export async function changed<Row>(on: Queryable, sql: string, parameters: unknown[] = []): Promise<Row[]> {
  const [touched] = (await on.query(sql, parameters)) as [Row[], number];
  return touched;
}

/** How many rows an UPDATE or DELETE without RETURNING touched. */
export async function changedCount(on: Queryable, sql: string, parameters: unknown[] = []): Promise<number> {
  const [, count] = (await on.query(sql, parameters)) as [unknown, number];
  return count;
}

/** A bigint column (a string on the wire) as a number. Versions and positions stay far below 2^53; anything else is an error, not a rounding. */
export function integer(value: string | number | bigint): number {
  const wide = BigInt(value);
  if (wide > BigInt(Number.MAX_SAFE_INTEGER) || wide < 0n) throw new DatabaseUnfit(`Reading ${value}: outside 0 … 2^53.`);
  return Number(wide);
}

/** SQLSTATE of a failed query, or undefined when the error does not come from the server. */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/**
 * True for failures that go away by themselves: lost connections, deadlocks, serialisation, lock and statement timeouts, a server that
 * is starting or out of connections. The same work may be tried again.
 */
export function isTransient(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return /^(08|40|53|57)/.test(state) || state === '55P03' || state === '25P03';
  const { code, message = '', name = '' } = error as { code?: string; message?: string; name?: string };
  return (
    ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'].includes(code ?? '') ||
    /^QueryRunner(Provider)?AlreadyReleasedError$/.test(name) ||
    /Connection terminated|connection timeout|timeout exceeded when trying to connect|not queryable|Client was closed/i.test(message)
  );
}
