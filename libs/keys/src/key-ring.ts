import type { KeyDamaged } from './errors.ts';
import type { KeyFinding } from './two-copies.ts';

/** Where secrets come from. Asked only when they are needed, once. Key services join later. */
export interface Unlock {
  passphrase?: () => Promise<string>;
}

/** A repository's keys, opened. Holds secrets: never log it. */
export interface KeyRing {
  /** 32 hex digits; stands in every key object. */
  readonly repositoryId: string;
  /** 'unprotected': the master key lies in clear in the store, so whoever reads the store reads the data. Say so at every start. */
  readonly protection: 'passphrase' | 'unprotected';
  /** Of the newest master key. */
  readonly epoch: number;
  /** Damaged or missing copies met so far, named; the other copy served. */
  readonly findings: readonly KeyFinding[];
  /** 32 hex digits: the folder of a tenant's objects, t/<tag>/. */
  tenantTag(tenant: string): string;
  /**
   * A tenant's keys; undefined when it has none and `create` is not set. With `create` the first caller of all processes makes them, and a missing
   * copy is put back.
   * @throws BadTenantName, KeyDamaged (both copies of the newest epoch), KeyForeign, KeyFormatTooNew, and what the store throws.
   */
  tenantKeys(tenant: string, options?: { create?: boolean }): Promise<TenantKeys | undefined>;
  /** All tenants that have keys here, by name. One whose keys are damaged in both copies has no name: it is left out, and goes to `onDamaged`. */
  tenants(options?: { onDamaged?: (error: KeyDamaged) => void }): Promise<{ name: string; tag: string }[]>;
  /** 32 bytes: HMAC-SHA-256 under the repository's MAC key, for what is stored in clear (`repository.json`). `label` keeps uses apart. */
  mac(label: string, bytes: Uint8Array): Uint8Array;
  /** Key of the ledger and the log, of the newest epoch; use through packKey. */
  readonly systemKey: Uint8Array;
  /** @throws KeyMissing for an epoch that is not there. */
  systemKeyOf(epoch: number): Uint8Array;
  /**
   * Reads and opens both copies of every key object; with `tag`, of the master's and that tenant's only: what is wrong with another tenant's keys
   * is not for this one to learn. Damage is returned, not thrown. @throws what the store throws when it cannot list.
   */
  check(options?: { tag?: string }): Promise<KeyFinding[]>;
}

export interface TenantKeys {
  readonly tenant: string;
  readonly tag: string;
  /** Of the newest data key: what new packs are sealed under. */
  readonly epoch: number;
  /** Piece ids; the same for the tenant's whole life. 32 bytes. */
  readonly idKey: Uint8Array;
  /** Where tree pages end; derived from the id key. 32 bytes. */
  readonly nameKey: Uint8Array;
  /** 32 bytes. @throws KeyMissing for an epoch that was never there, is lost or damaged. */
  dataKey(epoch: number): Uint8Array;
}
