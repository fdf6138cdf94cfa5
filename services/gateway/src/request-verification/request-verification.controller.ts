import type { Caller as KeyCaller } from '@dr/auth';
import { newVerificationId } from '@dr/config';
import { streamOf, verificationDecider } from '@dr/domain';
import { admit, commandMeta, type House, InjectHouse, nudgeSequencer } from '@dr/service';
import { Body, Controller, Param, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Caller } from '../auth/caller.ts';
import { type BackupView, CatalogClient, scopeOf } from '../catalog-client.ts';
import { HttpProblem, notFound } from '../http/problem.ts';
import { Route } from '../http/route.ts';
import { identify } from '../idempotency/request-identity.ts';
import { Views } from '../read-own-write/views.ts';
import { getVerification, type RequestVerificationBody, requestVerification } from './request-verification.schema.ts';

/** POST /backups/{id}/verify and GET /verifications/{id}. */
@Controller()
export class RequestVerificationController {
  constructor(
    @InjectHouse() private readonly house: House,
    private readonly catalog: CatalogClient,
    private readonly views: Views,
  ) {}

  @Route(requestVerification)
  async handle(
    @Param('id') id: string,
    @Body() body: RequestVerificationBody,
    @Caller() caller: KeyCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const backup = await this.catalog.backup(id, scopeOf(caller.tenant));
    if (!backup) throw notFound('backup', id);
    refuse(backup, body);
    const verificationId = await this.append(backup, body.level, caller, String(request.id));
    void reply.header('Location', `/api/v1/verifications/${verificationId}`);
    const seen = await this.views.untilSeen(streamOf.verification(verificationId), () =>
      this.catalog.verification(verificationId, scopeOf(caller.tenant)),
    );
    return seen ?? { verification_id: verificationId, backup_id: id, status: 'pending' };
  }

  @Route(getVerification)
  async get(@Param('id') id: string, @Caller() caller: KeyCaller): Promise<object> {
    const verification = await this.catalog.verification(id, scopeOf(caller.tenant));
    if (!verification) throw notFound('verification', id);
    return verification;
  }

  private async append(backup: BackupView, level: 'quick' | 'full', caller: KeyCaller, requestId: string): Promise<string> {
    const { database, store } = this.house;
    const { at, suffix, commandId } = identify(this.house, 'verification');
    const verificationId = newVerificationId(at, suffix);
    const { backup_id: backupId, tenant_id: tenant } = backup;
    const command = { kind: 'request', verificationId, backupId, tenant, level, requestedBy: caller.keyId } as const;
    const meta = commandMeta(tenant, caller.keyId, requestId);
    await database.transaction(async (tx) => {
      const { duplicate } = await store.decide(streamOf.verification(verificationId), verificationDecider, command, {
        commandId,
        meta,
        tx,
      });
      if (duplicate) return;
      await admit(this.house, tx, { operationId: verificationId, kind: 'verification', tenant });
    });
    nudgeSequencer(this.house);
    return verificationId;
  }
}

function refuse({ backup_id, status }: BackupView, { sample_percent }: RequestVerificationBody): void {
  if (sample_percent !== undefined) {
    throw new HttpProblem(
      501,
      'verification.sample_not_built',
      'Sampled verification is not built in this version; use level quick or full.',
    );
  }
  if (status === 'completed' || status === 'partial') return;
  throw new HttpProblem(409, 'backup.not_restorable', `Backup ${backup_id} is ${status}; only a sealed backup can be verified.`);
}
