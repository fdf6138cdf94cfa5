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

/**
 * Counts an operation in, inside the transaction that appends its request: give it last, because admissions wait for each other's COMMIT,
 * so that no race passes a limit. Rolled back with its transaction; counting in one that is in changes nothing.
 * @throws TooManyOperations; the transaction must roll back then
 */
export async function admitOperation(tx: Queryable, { operationId, kind, tenant }: Operation, limits: OperationLimits): Promise<void> {
  const { perTenant, total } = limits;
  const sql = 'SELECT admit_operation($1, $2, $3, $4, $5) AS full_for';
  const [answer] = await rows<{ full_for: 'tenant' | 'all' | null }>(tx, sql, [operationId, kind, tenant, perTenant, total]);
  if (answer!.full_for !== null) throw tooMany(answer!.full_for, tenant, limits);
}

/**
 * Whether one more would be admitted now, asked before anything is done for it: who is refused should cost little. Only `admitOperation` decides.
 * @throws TooManyOperations
 */
export async function refuseWhenFull(on: Queryable, tenant: string, limits: OperationLimits): Promise<void> {
  const { perTenant, total } = limits;
  if ((await count(on, COUNT_OF_TENANT, [tenant, perTenant])) >= perTenant) throw tooMany('tenant', tenant, limits);
  if ((await count(on, COUNT_OF_ALL, [total])) >= total) throw tooMany('all', tenant, limits);
}

const tooMany = (fullFor: 'tenant' | 'all', tenant: string, { perTenant, total }: OperationLimits): TooManyOperations =>
  fullFor === 'tenant' ? new TooManyOperations(`of ${tenant}`, perTenant) : new TooManyOperations('of all tenants', total);

async function count(on: Queryable, sql: string, parameters: unknown[]): Promise<number> {
  return (await rows<{ n: number }>(on, sql, parameters))[0]!.n;
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
