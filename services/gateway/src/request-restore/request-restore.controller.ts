import type { Caller as KeyCaller } from '@dr/auth';
import { Body, Controller, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Caller, Scope } from '../auth/caller.ts';
import { type LatestQuery, latestQuery, type RequestRestoreBody, requestRestoreBody } from './request-restore.schema.ts';
import { RequestRestore } from './request-restore.ts';

@Controller('backups')
export class RequestRestoreController {
  constructor(private readonly requestRestore: RequestRestore) {}

  @Post(':id/restore')
  @HttpCode(202)
  @Scope('restore:run')
  async handle(
    @Param('id') id: string,
    @Query({ schema: latestQuery }) query: LatestQuery,
    @Body({ schema: requestRestoreBody }) body: RequestRestoreBody,
    @Caller() caller: KeyCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const restore = await this.requestRestore.run(caller, { id, asOf: query.as_of, tenantId: query.tenant_id }, body, String(request.id));
    void reply.header('Location', `/api/v1/restores/${(restore as { restore_id: string }).restore_id}`);
    return restore;
  }
}
