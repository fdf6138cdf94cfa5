import type { Caller as KeyCaller } from '@dr/auth';
import { Controller, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Caller } from '../auth/caller.ts';
import { Route } from '../http/route.ts';
import { cancelRestore } from './cancel-restore.schema.ts';
import { CancelRestore } from './cancel-restore.ts';

@Controller()
export class CancelRestoreController {
  constructor(private readonly cancelRestore: CancelRestore) {}

  @Route(cancelRestore)
  async handle(@Param('id') id: string, @Caller() caller: KeyCaller, @Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const restore = await this.cancelRestore.run(caller, id);
    void reply.header('Location', `/api/v1/restores/${id}`);
    return restore;
  }
}
