import { Malformed } from '../errors.ts';
import { ownerOf, type TenantScope } from '../tenant-scope.ts';
import { FORMAT_VERSION, SALT_BYTES } from './seal.ts';
import { decodeSealed, encodeSealed } from './sealed-json.ts';

/** A ledger plan: the only way anything is lost on purpose. Version 1 readers obey it; the collector that writes it comes later. */
export interface LedgerPlan {
  readonly format: number;
  readonly n: number;
  /** SHA-256 of plan n - 1, hex; empty for the first. */
  readonly previous: string;
  /** Backup ids that are gone from now on. */
  readonly purged: readonly string[];
  /** Packs that are absent for every writer from now on. */
  readonly victims: readonly string[];
  /** Copies that never count again: pack name and piece id. */
  readonly damaged?: readonly { readonly pack: string; readonly piece: string }[];
}

/** Sealed under the system key. */
export function encodePlan(scope: TenantScope, plan: Omit<LedgerPlan, 'format'>): Buffer {
  const belonging = { ...ownerOf(scope), epoch: scope.ring.epoch };
  const value = { format: FORMAT_VERSION, ...plan };
  return encodeSealed('ledger', scope.names.plan(plan.n), belonging, scope.ring.systemKey, scope.random(SALT_BYTES), value);
}

/** @throws Malformed; FormatTooNew for a plan of a newer format, whose rules this version cannot obey. */
export function decodePlan(scope: TenantScope, n: number, bytes: Uint8Array): LedgerPlan {
  const plan = decodeSealed<LedgerPlan>('ledger', scope.names.plan(n), ownerOf(scope), (epoch) => scope.ring.systemKeyOf(epoch), bytes);
  if (plan.n !== n || !Array.isArray(plan.purged) || !Array.isArray(plan.victims))
    throw new Malformed('it is not the plan that its key names');
  return plan;
}
