import type { ApiKeyCreated } from './events.ts';
import type { KeyGrants } from './state.ts';

export type ApiKeyCommand = CreateApiKey | RevokeApiKey;

/** `grantedBy`: what the creating key may do, or 'bootstrap' for the first one. No key grants scope, tenant or lifetime beyond its own. */
export interface CreateApiKey extends ApiKeyCreated {
  readonly kind: 'create';
  readonly grantedBy: KeyGrants | 'bootstrap';
}

/** `aloneAt`: no other usable admin key of all tenants was found, at that time (Unix ms). Absent: there is one, so any key may go. */
export interface RevokeApiKey {
  readonly kind: 'revoke';
  readonly aloneAt?: number;
}
