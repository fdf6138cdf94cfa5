import type { Caller as KeyCaller } from '@dr/auth';
import { Body, Controller, HttpCode, Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Caller, Scope } from '../auth/caller.ts';
import { type CancelBackupBody, cancelBackupBody } from './cancel-backup.schema.ts';
import { CancelBackup } from './cancel-backup.ts';

@Controller('backups')
export class CancelBackupController {
  constructor(private readonly cancelBackup: CancelBackup) {}

  @Post(':id/cancel')
  @HttpCode(202)
  @Scope('backup:create')
  async handle(
    @Param('id') id: string,
    @Body({ schema: cancelBackupBody }) body: CancelBackupBody,
    @Caller() caller: KeyCaller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const backup = await this.cancelBackup.run(caller, id, body);
    void reply.header('Location', `/api/v1/backups/${id}`);
    return backup;
  }
}
