/**
 * The keys of a repository (REPOSITORY.md section 3; byte layouts in `format/`): a random master key per epoch, wrapped by a passphrase; random keys per
 * tenant, wrapped by the master; keys of packs and other objects, derived. Every key object lies in the store twice.
 */
export { type CreateKeysOptions, createKeys, type OpenKeysOptions, openKeys } from './create-keys.ts';
export { type PackKeyInput, packKey } from './derive.ts';
export {
  BadPassphrase,
  BadTenantName,
  KeyDamaged,
  KeyForeign,
  KeyFormatTooNew,
  KeyMissing,
  KeysMissing,
  NoUsableWrap,
  PassphraseNeeded,
  WrongPassphrase,
} from './errors.ts';
export { KDF_CEILING, KDF_DEFAULT, type KdfParameters } from './kdf.ts';
export type { KeyRing, TenantKeys, Unlock } from './key-ring.ts';
export type { KeyFinding } from './two-copies.ts';
