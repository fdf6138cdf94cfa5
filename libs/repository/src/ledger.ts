import { Damaged, FormatTooNew } from './errors.ts';
import { sha256Hex } from './format/hashes.ts';
import { planNumber } from './format/object-names.ts';
import { decodePlan, type LedgerPlan } from './format/plan.ts';
import { decoding, type TenantScope } from './tenant-scope.ts';

/** What all plans together say. Source: REPOSITORY.md section 6, R2 and R3. */
export interface Ledger {
  /** Number of the newest plan; 0 = none. */
  readonly last: number;
  /** Purged backups, with the first plan that names them. */
  readonly purged: ReadonlyMap<string, number>;
  /** Packs that are absent for dedup, for ever. */
  readonly victims: ReadonlySet<string>;
  /** Copies that never count again, as 'pack/piece'. */
  readonly damaged: ReadonlySet<string>;
}

/**
 * Reads every plan and checks the chain. Writers need it whole; a reader that wants to restore goes on with what can be read (`tolerant`).
 * @throws Damaged for a plan that is missing or broken; FormatTooNew for a plan of a newer format, always.
 */
export async function readLedger(scope: TenantScope, options: { tolerant: boolean }): Promise<Ledger> {
  const numbers = await planNumbers(scope);
  const last = numbers.at(-1) ?? 0;
  const plans: LedgerPlan[] = [];
  let previous = '';
  for (let n = 1; n <= last; n++) {
    try {
      const { plan, digest } = await readPlan(scope, n, previous);
      plans.push(plan);
      previous = digest;
    } catch (cause) {
      if (!options.tolerant || cause instanceof FormatTooNew) throw cause;
      previous = '';
    }
  }
  return fold(last, plans);
}

async function planNumbers(scope: TenantScope): Promise<number[]> {
  const numbers: number[] = [];
  for await (const page of scope.store.list(scope.names.ledger)) {
    for (const { key } of page) {
      const n = planNumber(key);
      if (n !== undefined) numbers.push(n);
    }
  }
  return numbers.sort((a, b) => a - b);
}

async function readPlan(scope: TenantScope, n: number, previous: string): Promise<{ plan: LedgerPlan; digest: string }> {
  const key = scope.names.plan(n);
  const bytes = await scope.store.read(key);
  const plan = decoding(key, () => decodePlan(scope, n, bytes));
  if (previous !== '' && plan.previous !== previous) throw new Damaged(key, 'it does not follow on the plan before it');
  return { plan, digest: sha256Hex(bytes) };
}

function fold(last: number, plans: readonly LedgerPlan[]): Ledger {
  const purged = new Map<string, number>();
  for (const { n, purged: ids } of plans) for (const id of ids) if (!purged.has(id)) purged.set(id, n);
  const victims = new Set(plans.flatMap((plan) => plan.victims));
  const damaged = new Set(plans.flatMap((plan) => (plan.damaged ?? []).map(({ pack, piece }) => `${pack}/${piece}`)));
  return { last, purged, victims, damaged };
}
