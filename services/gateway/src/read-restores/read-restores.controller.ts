import type { Caller as KeyCaller } from '@dr/auth';
import { Controller, Param, Query } from '@nestjs/common';
import { Caller } from '../auth/caller.ts';
import { listedScope } from '../auth/listed-scope.ts';
import { CatalogClient, scopeOf } from '../catalog-client.ts';
import { notFound } from '../http/problem.ts';
import { Route } from '../http/route.ts';
import { getRestore, type ListRestoresQuery, listRestores } from './read-restores.schema.ts';

@Controller()
export class ReadRestoresController {
  constructor(private readonly catalog: CatalogClient) {}

  @Route(listRestores)
  async list(@Query() query: ListRestoresQuery, @Caller() caller: KeyCaller): Promise<object> {
    const scope = listedScope(caller, query.tenant_id);
    return this.catalog.listRestores({ scope, limit: query.limit, cursor: query.cursor });
  }

  @Route(getRestore)
  async get(@Param('id') id: string, @Caller() caller: KeyCaller): Promise<object> {
    const restore = await this.catalog.restore(id, scopeOf(caller.tenant));
    if (!restore) throw notFound('restore', id);
    return restore;
  }
}
