import { listOf, message, optional } from '../schema/composites.ts';
import type { EventOf } from '../schema/event-types.ts';
import { oneOf, text, time } from '../schema/scalars.ts';
import type { ValueOf } from '../schema/shape.ts';

/** CONTRACT section 2. 'admin' implies every other scope. */
export const SCOPES = [
  'backup:read',
  'backup:create',
  'backup:delete',
  'restore:run',
  'verify:run',
  'hold:manage',
  'policy:manage',
  'audit:read',
  'admin',
] as const;
export const scope = oneOf(...SCOPES);
export type Scope = (typeof SCOPES)[number];

/** Stream `api_key-<id>`. The key itself is never stored, only its SHA-256; a label is user text, so only its digest is here. */
export const apiKeyEvents = {
  ApiKeyCreated: message('ApiKeyCreated', {
    keyId: text,
    /** SHA-256 of the key, 64 hex digits. */
    hash: text,
    /** A tenant's name, or '*' for all. */
    tenant: text,
    scopes: listOf(scope),
    expiresAt: optional(time),
    labelDigest: optional(text),
  }),
  ApiKeyRevoked: message('ApiKeyRevoked', {}),
};

export type ApiKeyEvent = EventOf<typeof apiKeyEvents>;
export type ApiKeyCreated = ValueOf<typeof apiKeyEvents.ApiKeyCreated>;
