import type { Caller as KeyCaller } from '@dr/auth';
import { Body, Controller, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Caller } from '../auth/caller.ts';
import { Route } from '../http/route.ts';
import { type RequestBackupBody, requestBackup } from './request-backup.schema.ts';
import { RequestBackup } from './request-backup.ts';

@Controller()
export class RequestBackupController {
  constructor(private readonly requestBackup: RequestBackup) {}

  @Route(requestBackup)
  async handle(
    @Body() body: RequestBackupBody,
    @Caller() caller: KeyCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const { backups, leftOut } = await this.requestBackup.run(caller, body, String(request.id));
    if (body.all_tenants) return { backups, left_out: leftOut ?? null };
    void reply.header('Location', `/api/v1/backups/${backups[0]!.backup_id}`);
    return backups[0]!;
  }
}
