import type { KeyRing, TenantKeys } from '@dr/keys';
import { DrError, type ObjectStore } from '@dr/storage';
import type { Clock } from './api.ts';
import { Damaged, Malformed } from './errors.ts';
import type { Description } from './format/description.ts';
import { type TenantObjectKeys, tenantKeys } from './format/object-names.ts';
import type { Belonging } from './format/seal.ts';

/** What everything that works on one tenant's objects has in hand. */
export interface TenantScope {
  readonly store: ObjectStore;
  readonly ring: KeyRing;
  readonly keys: TenantKeys;
  readonly names: TenantObjectKeys;
  readonly description: Description;
  readonly now: Clock;
  /** Fresh random bytes for salts; golden tests give their own. */
  readonly random: (bytes: number) => Uint8Array;
}

export function tenantScope(base: Omit<TenantScope, 'keys' | 'names'>, keys: TenantKeys): TenantScope {
  return { ...base, keys, names: tenantKeys(keys.tag) };
}

export const ownerOf = ({ description, keys }: TenantScope): { repositoryId: string; tag: string } => ({
  repositoryId: description.id,
  tag: keys.tag,
});

/** Whom new objects belong to. */
export const belongingOf = (scope: TenantScope): Belonging => ({ ...ownerOf(scope), epoch: scope.keys.epoch });

/**
 * The damage behind an error of one object among many. A key that there is not is damage, too: one changed byte in an object's header must not keep the
 * others from being read. @throws the error, when it is neither.
 */
export function damageOf(object: string, error: unknown): Damaged {
  if (error instanceof Damaged) return error;
  if (error instanceof DrError && error.code.startsWith('keys.'))
    return new Damaged(object, 'its header names a key that there is not', { cause: error });
  throw error;
}

/** Runs a decoder on an object's bytes. @throws Damaged, naming the object, for what is not as it was written. */
export function decoding<T>(object: string, decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    if (cause instanceof Malformed) throw new Damaged(object, cause.message, { cause });
    throw cause;
  }
}
