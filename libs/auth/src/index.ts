export { SCOPES, type Scope } from '@dr/domain';
export { BOOTSTRAP_KEY_CHARACTERS_MIN, checkBootstrapKey, hashApiKey, keyMatches, newApiKey, presentedKey } from './api-key.ts';
export {
  authorise,
  type Caller,
  callerOf,
  type Grants,
  isUsable,
  listedTenant,
  mayGrant,
  requireGrant,
  type StoredKey,
  tenantFor,
  visibleTenant,
} from './authorise.ts';
export { GrantRefused, KeyTooShort, ScopeMissing, TenantNeeded, Unauthenticated } from './errors.ts';
