import { type EndVerification, streamOf, verificationDecider } from '@dr/domain';
import type { Queryable } from '@dr/event-store';
import type { AfterCommit, ClaimedJob, EndJob, Job, JobContext, OnDead } from '@dr/jobs';
import { ProgressPublisher } from '@dr/messaging';
import { commandMeta, type House, InjectHouse, nudgeSequencer, RepositoryAccess, startWorker } from '@dr/service';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { VerificationPayload } from '../plan-restore/plan-restore.ts';
import { verifyBackup } from './verify-backup.ts';

/** Runs `verification` jobs, until the verifier service takes them over. */
@Injectable()
export class VerifyBackups implements OnApplicationBootstrap, OnApplicationShutdown {
  private stop: (() => Promise<void>) | undefined;
  private readonly progress: ProgressPublisher;

  constructor(
    @InjectHouse() private readonly house: House,
    private readonly repository: RepositoryAccess,
  ) {
    this.progress = new ProgressPublisher(house.bus);
  }

  async onApplicationBootstrap(): Promise<void> {
    this.stop = await startWorker<VerificationPayload>(this.house, {
      kind: 'verification',
      slots: 1,
      run: (job, context) => this.run(job, context),
      onDead: this.onDead,
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.stop?.();
  }

  private async run(job: ClaimedJob<VerificationPayload>, context: JobContext): Promise<EndJob> {
    const { verificationId, backupId, level } = job.payload;
    const tenant = await (await this.repository.open()).tenant(job.tenant);
    const progress = (snapshot: object) => {
      context.progress();
      this.progress.publish(verificationId, snapshot);
    };
    const command = await verifyBackup({ tenant, backupId, level, signal: context.signal, progress });
    return (tx) => this.record(tx, job, command);
  }

  private readonly onDead: OnDead<VerificationPayload> = async (tx, job, error) =>
    this.record(tx, job, { kind: 'end', objects: 0, bytes: 0, findings: [], error: { message: error } });

  private async record(tx: Queryable, job: Job<VerificationPayload>, command: EndVerification): Promise<AfterCommit> {
    const meta = commandMeta(job.tenant, 'restorer', job.jobId);
    const stream = streamOf.verification(job.payload.verificationId);
    await this.house.store.decide(stream, verificationDecider, command, { commandId: `record-${job.jobId}`, meta, tx });
    return () => nudgeSequencer(this.house);
  }
}
