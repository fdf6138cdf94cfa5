import type { Caller as KeyCaller } from '@dr/auth';
import { Body, Controller, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Caller } from '../auth/caller.ts';
import { Route } from '../http/route.ts';
import { type CancelBackupBody, cancelBackup } from './cancel-backup.schema.ts';
import { CancelBackup } from './cancel-backup.ts';

@Controller()
export class CancelBackupController {
  constructor(private readonly cancelBackup: CancelBackup) {}

  @Route(cancelBackup)
  async handle(
    @Param('id') id: string,
    @Body() body: CancelBackupBody,
    @Caller() caller: KeyCaller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const backup = await this.cancelBackup.run(caller, id, body);
    void reply.header('Location', `/api/v1/backups/${id}`);
    return backup;
  }
}
