import { SCOPES } from '@dr/auth';
import * as z from 'zod';
import { route } from '../http/route.ts';
import { idempotencyHeaders } from '../idempotency/idempotent-requests.ts';
import { apiKeyPage, apiKeyResource, createdApiKey } from '../resources/api-key.ts';
import { byId, cursor, moment, pageSize, tenantName } from '../resources/scalars.ts';

const createApiKeyBody = z.strictObject({
  tenant_id: tenantName.optional().describe('`*`: all tenants. A key of one tenant may leave it out.'),
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
  expires_at: moment.optional(),
  name: z.string().min(1).max(256).optional().describe('Words to know it by.'),
});

export type CreateApiKeyBody = z.infer<typeof createApiKeyBody>;

export const createApiKey = route({
  method: 'POST',
  path: '/api-keys',
  scope: 'admin',
  tag: 'API keys',
  summary: 'Make an API key',
  description:
    'No key grants scope, tenant or lifetime beyond its own. The key is in this reply and never shown again, not to a repeat either.',
  headers: idempotencyHeaders,
  body: createApiKeyBody,
  replies: { 201: { description: 'The key.', schema: createdApiKey, headers: { Location: 'Where it is to be read.' } } },
  problems: { 422: 'Its end lies in the past.' },
});

const listQuery = z.strictObject({ limit: pageSize, cursor: cursor.optional(), tenant_id: tenantName.optional() });

export type ListApiKeysQuery = z.infer<typeof listQuery>;

export const listApiKeys = route({
  method: 'GET',
  path: '/api-keys',
  scope: 'admin',
  tag: 'API keys',
  summary: 'API keys, newest first',
  description: 'An admin of one tenant sees that tenant’s keys.',
  query: listQuery,
  replies: { 200: { description: 'A page of keys.', schema: apiKeyPage } },
  problems: { 404: 'There is no such tenant that this key may see.' },
});

export const getApiKey = route({
  method: 'GET',
  path: '/api-keys/{id}',
  scope: 'admin',
  tag: 'API keys',
  summary: 'One API key',
  params: byId,
  replies: { 200: { description: 'The key.', schema: apiKeyResource } },
  problems: { 404: 'There is no such key that this key may see.' },
});

export const revokeApiKey = route({
  method: 'DELETE',
  path: '/api-keys/{id}',
  scope: 'admin',
  tag: 'API keys',
  summary: 'Revoke an API key, for ever',
  description: 'Requests with it are refused from now on, and its open streams end within two seconds.',
  params: byId,
  replies: { 200: { description: 'The revoked key.', schema: apiKeyResource } },
  problems: {
    404: 'There is no such key that this key may see.',
    409: 'It is the last admin key of all tenants that has not ended: without one nobody could make another.',
  },
});
