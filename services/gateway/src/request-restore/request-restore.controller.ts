import type { Caller as KeyCaller } from '@dr/auth';
import { Body, Controller, Param, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Caller } from '../auth/caller.ts';
import { Route } from '../http/route.ts';
import { type LatestQuery, type RequestRestoreBody, requestRestore } from './request-restore.schema.ts';
import { RequestRestore } from './request-restore.ts';

@Controller()
export class RequestRestoreController {
  constructor(private readonly requestRestore: RequestRestore) {}

  @Route(requestRestore)
  async handle(
    @Param('id') id: string,
    @Query() query: LatestQuery,
    @Body() body: RequestRestoreBody,
    @Caller() caller: KeyCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const wanted = { id, asOf: query.as_of, tenantId: query.tenant_id };
    const requested = await this.requestRestore.run(caller, wanted, body, String(request.id));
    if (requested.kind === 'plan') void reply.status(200);
    else void reply.header('Location', `/api/v1/restores/${requested.restoreId}`);
    return requested.reply;
  }
}
