import { DomainError } from '@dr/domain';

/** No key, a key nobody made, or one that was revoked or has expired: all the same to the caller, 401. */
export class Unauthenticated extends DomainError {
  readonly code = 'auth.unauthenticated';
  readonly status = 401;
  constructor(why: 'missing' | 'invalid') {
    super(
      why === 'missing'
        ? 'An API key is needed. Send it as `Authorization: ApiKey <key>` or `X-API-Key: <key>`.'
        : 'The API key is not valid. It is unknown, revoked or expired.',
    );
  }
}

/** The key is good, but does not allow this. */
export class ScopeMissing extends DomainError {
  readonly code = 'auth.scope_missing';
  readonly status = 403;
  constructor(scope: string) {
    super(`The API key does not have the scope ${scope}. Use a key that has it, or ask for one.`, { scope });
  }
}

/** An API key would get more than its maker has. */
export class GrantRefused extends DomainError {
  readonly code = 'auth.scope_missing.grant';
  readonly status = 403;
  constructor(beyond: string) {
    super(`The API key cannot be made: ${beyond}. No key grants scope, tenant or lifetime beyond its own.`);
  }
}

/** Only a key of all tenants can do this without a tenant, or a key of one tenant was asked for another. */
export class TenantNeeded extends DomainError {
  readonly code = 'request.tenant_needed';
  readonly status = 400;
  constructor() {
    super('This key reaches every tenant, so the request must name one: `tenant_id`.');
  }
}

/** The first key is given by the operator and is too weak. */
export class KeyTooShort extends DomainError {
  readonly code = 'auth.key_too_short';
  readonly status = 400;
}
