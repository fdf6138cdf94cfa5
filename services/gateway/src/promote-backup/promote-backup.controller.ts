import type { Caller as KeyCaller } from '@dr/auth';
import { Body, Controller, Param, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Caller } from '../auth/caller.ts';
import { Route } from '../http/route.ts';
import { type PromoteBackupBody, promoteBackup } from './promote-backup.schema.ts';
import { PromoteBackup } from './promote-backup.ts';

@Controller()
export class PromoteBackupController {
  constructor(private readonly promoteBackup: PromoteBackup) {}

  @Route(promoteBackup)
  async handle(
    @Param('id') id: string,
    @Body() body: PromoteBackupBody,
    @Caller() caller: KeyCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const backup = await this.promoteBackup.run(caller, id, body, String(request.id));
    void reply.header('Location', `/api/v1/backups/${backup.backup_id}`);
    return backup;
  }
}
