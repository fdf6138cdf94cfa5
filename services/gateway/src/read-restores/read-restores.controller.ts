import { type Caller as KeyCaller, listedTenant } from '@dr/auth';
import { Controller, Get, Param, Query } from '@nestjs/common';
import * as z from 'zod';
import { Caller, Scope } from '../auth/caller.ts';
import { CatalogClient, scopeOf } from '../catalog-client.ts';
import { notFound } from '../http/problem.ts';

const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(50),
  cursor: z.string().max(1024).optional(),
  tenant_id: z.string().optional(),
});

@Controller()
export class ReadRestoresController {
  constructor(private readonly catalog: CatalogClient) {}

  @Get('restores')
  @Scope('restore:run')
  async list(@Query({ schema: listQuery }) query: z.infer<typeof listQuery>, @Caller() caller: KeyCaller): Promise<object> {
    const tenant = listedTenant(caller, query.tenant_id);
    if (tenant === undefined) throw notFound('tenant', query.tenant_id ?? '');
    return this.catalog.listRestores({ scope: scopeOf(tenant), limit: query.limit, cursor: query.cursor });
  }

  @Get('restores/:id')
  @Scope('restore:run')
  async get(@Param('id') id: string, @Caller() caller: KeyCaller): Promise<object> {
    const restore = await this.catalog.restore(id, scopeOf(caller.tenant));
    if (!restore) throw notFound('restore', id);
    return restore;
  }
}
