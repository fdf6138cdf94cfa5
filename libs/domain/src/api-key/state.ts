import type { ApiKeyCreated, Scope } from './events.ts';

/** What a key allows: a tenant ('*' = all), scopes, and until when (RFC 3339; absent = for ever). */
export interface KeyGrants {
  readonly tenant: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt?: string;
}

export type ApiKeyState = { readonly status: 'absent' } | { readonly status: 'active' | 'revoked'; readonly key: ApiKeyCreated };

export const absentApiKey: ApiKeyState = { status: 'absent' };
