import { tombstoneReason } from '@dr/domain';
import { type ClaimedJob, type EndJob, type Job, KeepTrying, type OnDead } from '@dr/jobs';
import type { Decision } from '@dr/repository';
import { type House, InjectHouse, RepositoryAccess, startWorker } from '@dr/service';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { recordDecision } from '../seal-backup/record-decision.ts';
import type { CancelPayload } from './plan-cancel.ts';

/** Runs `cancel` jobs: puts the tombstone into storage, then records what stands there. A commit that was first stays, and is recorded. */
@Injectable()
export class CancelBackups implements OnApplicationBootstrap, OnApplicationShutdown {
  private stop: (() => Promise<void>) | undefined;

  constructor(
    @InjectHouse() private readonly house: House,
    private readonly repository: RepositoryAccess,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.stop = await startWorker<CancelPayload>(this.house, {
      kind: 'cancel',
      slots: 2,
      run: (job) => this.run(job),
      onDead: this.onDead,
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.stop?.();
  }

  private async run(job: ClaimedJob<CancelPayload>): Promise<EndJob> {
    const decision = await this.decide(job);
    return (tx) => recordDecision(this.house, tx, job, decision);
  }

  /** Needs no session, so it does not wait for workers that are still in one: from now on no commit of theirs can be. */
  private async decide({ tenant, payload: { backupId } }: Job<CancelPayload>): Promise<Decision> {
    const repository = await this.repository.open();
    return (await repository.tenant(tenant, { create: true })).abandon(backupId, tombstoneReason('cancelled'));
  }

  /** Only what stands in storage ends the backup, and a transaction must not wait for storage: the next run puts it. */
  private readonly onDead: OnDead<CancelPayload> = async (_tx, job) => {
    throw new KeepTrying(job.jobId);
  };
}
