import { backupDecider, streamOf, tombstoneReason } from '@dr/domain';
import { type ClaimedJob, type EndJob, KeepTrying, type OnDead } from '@dr/jobs';
import { CommitIncomplete, Damaged, type Decision, type TenantRepository } from '@dr/repository';
import { type House, InjectHouse, RepositoryAccess, startWorker } from '@dr/service';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { SealPayload } from '../plan-backup/plan-backup.ts';
import { OpenSessions } from '../sessions/open-sessions.ts';
import { recordDecision } from './record-decision.ts';
import { sealBackup } from './seal-backup.ts';

/** Runs `backup` jobs: puts the decision object into storage, then records what stands there. */
@Injectable()
export class SealBackups implements OnApplicationBootstrap, OnApplicationShutdown {
  private stop: (() => Promise<void>) | undefined;

  constructor(
    @InjectHouse() private readonly house: House,
    private readonly sessions: OpenSessions,
    private readonly repository: RepositoryAccess,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.stop = await startWorker<SealPayload>(this.house, {
      kind: 'backup',
      slots: 2,
      run: (job) => this.run(job),
      onDead: this.onDead,
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.stop?.();
  }

  private async run(job: ClaimedJob<SealPayload>): Promise<EndJob> {
    const decision = (await this.decidedBefore(job)) ?? (await this.sealOrGiveUp(job));
    return (tx) => recordDecision(this.house, tx, job, decision);
  }

  /** A worker before us may have put the decision and died before its event: the session cannot be joined any more then. */
  private async decidedBefore({ tenant, payload }: ClaimedJob<SealPayload>): Promise<Decision | undefined> {
    return (await this.tenant(tenant)).decision(payload.backupId);
  }

  private async tenant(name: string): Promise<TenantRepository> {
    return (await this.repository.open()).tenant(name, { create: true });
  }

  /** After the last try the backup gets its tombstone; while none can be put, the job stays and tries to commit again. */
  private async sealOrGiveUp(job: ClaimedJob<SealPayload>): Promise<Decision | undefined> {
    try {
      return await this.seal(job);
    } catch (error) {
      if (job.attempts < job.attemptsMax) throw error;
      return this.giveUp(job.payload.backupId, (error as Error).message);
    }
  }

  /** What cannot be committed however often it is tried gets its tombstone at once; everything else is tried again. */
  private async seal({ payload: { backupId } }: ClaimedJob<SealPayload>): Promise<Decision | undefined> {
    const { store, now } = this.house;
    try {
      return await sealBackup({ store, sessions: this.sessions, now }, backupId);
    } catch (error) {
      if (error instanceof CommitIncomplete || error instanceof Damaged) return this.giveUp(backupId, error.message);
      throw error;
    }
  }

  /** A tombstone, unless a decision was first: that one counts then. Needs no session, which a decided or damaged backup does not give. */
  private async giveUp(backupId: string, message: string): Promise<Decision | undefined> {
    const { state } = await this.house.store.load(streamOf.backup(backupId), backupDecider);
    if (state.status !== 'running' && state.status !== 'pending') return undefined;
    const tenant = await this.tenant(state.request.tenant);
    return tenant.abandon(backupId, tombstoneReason({ code: 'backup.seal_failed', message }));
  }

  /** Only a tombstone in storage ends the backup, and a transaction must not wait for storage: the next run puts it. */
  private readonly onDead: OnDead<SealPayload> = async (_tx, job) => {
    throw new KeepTrying(job.jobId);
  };
}
