import { ownerOf, type TenantScope } from '../tenant-scope.ts';
import { decodeSealed } from './sealed-json.ts';

/** A hold or release; written by a later version, opened by verify so that damage shows. */
export interface HoldObject {
  readonly format: number;
}

/** @throws Malformed, FormatTooNew. */
export const decodeHold = (scope: TenantScope, key: string, bytes: Uint8Array): HoldObject =>
  decodeSealed<HoldObject>('hold', key, ownerOf(scope), (epoch) => scope.keys.dataKey(epoch), bytes);
