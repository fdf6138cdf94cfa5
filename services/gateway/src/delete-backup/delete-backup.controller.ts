import type { Caller as KeyCaller } from '@dr/auth';
import { Controller, Param, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Caller } from '../auth/caller.ts';
import { Route } from '../http/route.ts';
import { type DeleteQuery, deleteBackup, undeleteBackup } from './delete-backup.schema.ts';
import { DeleteBackup } from './delete-backup.ts';

@Controller()
export class DeleteBackupController {
  constructor(private readonly deletion: DeleteBackup) {}

  @Route(deleteBackup)
  async delete(
    @Param('id') id: string,
    @Query() { force }: DeleteQuery,
    @Caller() caller: KeyCaller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const backup = await this.deletion.delete(caller, id, force === 'true' || force === '1');
    void reply.header('Location', `/api/v1/backups/${id}`);
    return backup;
  }

  @Route(undeleteBackup)
  async undelete(@Param('id') id: string, @Caller() caller: KeyCaller, @Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const backup = await this.deletion.undelete(caller, id);
    void reply.header('Location', `/api/v1/backups/${id}`);
    return backup;
  }
}
