import { SCOPES } from '@dr/auth';
import * as z from 'zod';
import { nextCursor, time, timeOrNull } from './scalars.ts';

/** An API key as everybody but its maker sees it: the key itself is kept nowhere. */
export const apiKeyResource = z
  .strictObject({
    key_id: z.string(),
    name: z.string().nullable(),
    tenant_id: z.string().describe('`*`: all tenants.'),
    scopes: z.array(z.enum(SCOPES)),
    status: z.enum(['active', 'revoked', 'expired']),
    created_at: timeOrNull,
    created_by: z.string().nullable().describe('Id of the key that made it.'),
    expires_at: timeOrNull,
    revoked_at: timeOrNull,
    last_used_at: timeOrNull.describe('To the minute, or so.'),
  })
  .meta({ id: 'ApiKey' });

export const createdApiKey = z
  .strictObject({
    ...apiKeyResource.shape,
    api_key: z.string().describe('The key, shown this once.'),
    created_at: time,
  })
  .meta({ id: 'CreatedApiKey' });

export const apiKeyPage = z.strictObject({ api_keys: z.array(apiKeyResource), next_cursor: nextCursor });
