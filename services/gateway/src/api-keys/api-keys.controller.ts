import { type Caller as KeyCaller, listedTenant } from '@dr/auth';
import { Body, Controller, Param, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Caller } from '../auth/caller.ts';
import { CatalogClient } from '../catalog-client.ts';
import { notFound } from '../http/problem.ts';
import { Route } from '../http/route.ts';
import { type CreateApiKeyBody, createApiKey, getApiKey, type ListApiKeysQuery, listApiKeys, revokeApiKey } from './api-keys.schema.ts';
import { CreateApiKey } from './create-api-key.ts';
import { RevokeApiKey } from './revoke-api-key.ts';

@Controller()
export class ApiKeysController {
  constructor(
    private readonly creation: CreateApiKey,
    private readonly revocation: RevokeApiKey,
    private readonly catalog: CatalogClient,
  ) {}

  @Route(createApiKey)
  async create(
    @Body() body: CreateApiKeyBody,
    @Caller() caller: KeyCaller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const created = await this.creation.run(caller, body);
    void reply.header('Location', `/api/v1/api-keys/${created.key_id}`).header('Cache-Control', 'no-store');
    return created;
  }

  @Route(listApiKeys)
  async list(@Query() { limit, cursor, tenant_id }: ListApiKeysQuery, @Caller() caller: KeyCaller): Promise<object> {
    const tenant = listedTenant(caller, tenant_id);
    if (tenant === undefined) throw notFound('tenant', tenant_id ?? '');
    return this.catalog.listApiKeys({ tenant, limit, cursor });
  }

  @Route(getApiKey)
  async get(@Param('id') id: string, @Caller() caller: KeyCaller): Promise<object> {
    const key = await this.catalog.knownApiKey(id, caller.tenant);
    if (!key) throw notFound('api_key', id);
    return key;
  }

  @Route(revokeApiKey)
  async revoke(@Param('id') id: string, @Caller() caller: KeyCaller): Promise<object> {
    return this.revocation.run(caller, id);
  }
}
