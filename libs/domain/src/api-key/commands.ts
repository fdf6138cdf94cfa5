import type { ApiKeyCreated } from './events.ts';
import type { KeyGrants } from './state.ts';

export type ApiKeyCommand = CreateApiKey | RevokeApiKey;

/** `grantedBy`: what the creating key may do, or 'bootstrap' for the first one. No key grants scope, tenant or lifetime beyond its own. */
export interface CreateApiKey extends ApiKeyCreated {
  readonly kind: 'create';
  readonly grantedBy: KeyGrants | 'bootstrap';
}

export interface RevokeApiKey {
  readonly kind: 'revoke';
}
