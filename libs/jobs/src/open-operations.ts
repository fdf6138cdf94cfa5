import { changedCount, type Queryable, rows } from '@dr/event-store';
import { TooManyOperations } from './errors.ts';

/** A backup, restore or verification that was accepted. */
export interface Operation {
  operationId: string;
  kind: 'backup' | 'restore' | 'verification';
  tenant: string;
}

/** How many operations may be unfinished at a time: of one tenant, and of all together. */
export interface OperationLimits {
  perTenant: number;
  total: number;
}

export const COUNT_OF_TENANT = 'SELECT count(*)::int AS n FROM (SELECT FROM open_operations WHERE tenant = $1 LIMIT $2) AS open';
const COUNT_OF_ALL = 'SELECT count(*)::int AS n FROM (SELECT FROM open_operations LIMIT $1) AS open';
const ADMISSION_LOCK = 7104;

/**
 * Counts an operation in, inside the transaction that appends its request: give it last, because admissions wait for each other's COMMIT,
 * so that no race passes a limit. Rolled back with its transaction; counting in one that is in changes nothing.
 * @throws TooManyOperations; the transaction must roll back then
 */
export async function admitOperation(tx: Queryable, { operationId, kind, tenant }: Operation, limits: OperationLimits): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock($1)', [ADMISSION_LOCK]);
  const insert =
    'INSERT INTO open_operations (operation_id, kind, tenant) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING operation_id';
  if ((await rows(tx, insert, [operationId, kind, tenant])).length === 0) return;
  const { perTenant, total } = limits;
  if ((await count(tx, COUNT_OF_TENANT, [tenant, perTenant + 1])) > perTenant) throw new TooManyOperations(`of ${tenant}`, perTenant);
  if ((await count(tx, COUNT_OF_ALL, [total + 1])) > total) throw new TooManyOperations('of all tenants', total);
}

async function count(tx: Queryable, sql: string, parameters: unknown[]): Promise<number> {
  return (await rows<{ n: number }>(tx, sql, parameters))[0]!.n;
}

/** Counts an operation out, in the transaction of the process manager that saw its end. @returns false when it was not in. */
export async function endOperation(tx: Queryable, operationId: string): Promise<boolean> {
  return (await changedCount(tx, 'DELETE FROM open_operations WHERE operation_id = $1', [operationId])) > 0;
}

/** Operations that have not ended, oldest first, at most `limit` after `after`. */
export async function openOperations(on: Queryable, kind: Operation['kind'], { after = '', limit = 1_000 } = {}): Promise<Operation[]> {
  const sql = `SELECT operation_id AS "operationId", kind, tenant FROM open_operations
                WHERE kind = $1 AND operation_id > $2 ORDER BY operation_id LIMIT $3`;
  return rows(on, sql, [kind, after, limit]);
}
