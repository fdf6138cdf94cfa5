import { Refused, WrongState } from '../errors.ts';
import { sameValue } from '../log/canonical-json.ts';
import type { ApiKeyCommand, CreateApiKey, RevokeApiKey } from './commands.ts';
import type { ApiKeyEvent } from './events.ts';
import { beyondGrant, isHouseAdmin } from './grants.ts';
import type { ApiKeyState } from './state.ts';

/** A key is created once and revoked for ever. @throws WrongState 'wrong_state.api_key_…', Refused 'api_key.…'. */
export function decide(state: ApiKeyState, command: ApiKeyCommand): readonly ApiKeyEvent[] {
  return command.kind === 'create' ? create(state, command) : revoke(state, command);
}

function create(state: ApiKeyState, { kind: _, grantedBy, ...data }: CreateApiKey): readonly ApiKeyEvent[] {
  if (state.status !== 'absent') {
    if (sameValue(state.key, data)) return [];
    throw new WrongState('api_key_exists', `Cannot create key ${data.keyId}: the id belongs to another key. Take a new id.`);
  }
  if (!/^[0-9a-f]{64}$/.test(data.hash))
    throw new Refused('api_key.bad_hash', `Cannot create key ${data.keyId}: its hash is not a SHA-256 in hex.`);
  if (data.scopes.length === 0)
    throw new Refused('api_key.no_scope', `Cannot create key ${data.keyId}: it would allow nothing. Name at least one scope.`);
  const beyond = grantedBy === 'bootstrap' ? undefined : beyondGrant(grantedBy, data);
  if (beyond !== undefined) {
    throw new Refused('api_key.beyond_own_grant', `Cannot create key ${data.keyId}: ${beyond}. No key grants more than it has itself.`);
  }
  return [{ type: 'ApiKeyCreated', data }];
}

function revoke(state: ApiKeyState, { aloneAt }: RevokeApiKey): readonly ApiKeyEvent[] {
  if (state.status === 'absent') throw new WrongState('api_key_absent', 'Cannot revoke: there is no such key.');
  if (aloneAt !== undefined && isHouseAdmin(state, aloneAt)) {
    throw new Refused(
      'api_key.last_admin',
      `Key ${state.key.keyId} was not revoked: it is the last admin key of all tenants, and without one nobody could make another. Make a new one first (tenant_id "*", scope admin, dr api-keys create --tenant-id '*' --scopes admin), then revoke this one with it.`,
    );
  }
  return state.status === 'revoked' ? [] : [{ type: 'ApiKeyRevoked', data: {} }];
}
