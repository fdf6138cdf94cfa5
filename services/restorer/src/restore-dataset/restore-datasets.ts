import { type RestoreCommand, restoreDecider, streamOf, WrongState } from '@dr/domain';
import type { Queryable } from '@dr/event-store';
import type { AfterCommit, ClaimedJob, EndJob, Job, JobContext, OnDead } from '@dr/jobs';
import { ProgressPublisher } from '@dr/messaging';
import { commandMeta, type House, InjectHouse, nudgeSequencer, RepositoryAccess, startWorker } from '@dr/service';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { RestorePayload } from '../plan-restore/plan-restore.ts';
import { placeOf } from './place.ts';
import { restoreDataset } from './restore-dataset.ts';

/** Errors that no further try can help: told at once instead of being tried again. */
const FINAL = /^(restore\.|repository\.(damaged|backup_|path_unknown|tenant_unknown|format_too_new)|wrong_state\.|keys\.)/;

/** Runs `restore` jobs: one data set each. The job ends by the data set's event in the restore's stream. */
@Injectable()
export class RestoreDatasets implements OnApplicationBootstrap, OnApplicationShutdown {
  private stop: (() => Promise<void>) | undefined;
  private readonly progress: ProgressPublisher;

  constructor(
    @InjectHouse() private readonly house: House,
    private readonly repository: RepositoryAccess,
  ) {
    this.progress = new ProgressPublisher(house.bus);
  }

  async onApplicationBootstrap(): Promise<void> {
    this.stop = await startWorker<RestorePayload>(this.house, {
      kind: 'restore',
      slots: 2,
      run: (job, context) => this.run(job, context),
      onDead: this.onDead,
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.stop?.();
  }

  private async run(job: ClaimedJob<RestorePayload>, context: JobContext): Promise<EndJob> {
    try {
      const command = await this.restore(job, context);
      return (tx) => this.record(tx, job, command);
    } catch (error) {
      const { code, message } = error as { code?: unknown; message: string };
      if (typeof code !== 'string' || !FINAL.test(code) || context.signal.aborted) throw error;
      return (tx) => this.record(tx, job, { kind: 'recordFailed', n: job.payload.dataset.n, code, message });
    }
  }

  private async restore(job: ClaimedJob<RestorePayload>, context: JobContext): Promise<RestoreCommand> {
    const { restoreId, backupId, targetTenant, dataset, options } = job.payload;
    const tenant = await (await this.repository.open()).tenant(job.tenant);
    return restoreDataset({
      tenant,
      commit: await tenant.commit(backupId),
      dataset,
      options,
      sourceRoot: this.house.config.deeplake.root,
      place: placeOf(this.house.config.deeplake.root, { tenant: targetTenant, dataset: dataset.to, restoreId, n: dataset.n }),
      signal: context.signal,
      progress: (progress) => {
        context.progress();
        this.progress.publish(restoreId, { dataset_id: dataset.from, ...progress });
      },
      beginSwap: () => this.beginSwap(job, context),
    });
  }

  private beginSwap(job: ClaimedJob<RestorePayload>, context: JobContext): Promise<void> {
    return context.inLease(async (tx) => {
      await this.decide(tx, job, { kind: 'beginSwap' }, `swap-${job.payload.restoreId}`);
    });
  }

  private readonly onDead: OnDead<RestorePayload> = async (tx, job, error) =>
    this.record(tx, job, { kind: 'recordFailed', n: job.payload.dataset.n, code: 'restore.failed', message: error });

  private async record(tx: Queryable, job: Job<RestorePayload>, command: RestoreCommand): Promise<AfterCommit> {
    try {
      await this.decide(tx, job, command, `record-${job.jobId}`);
    } catch (error) {
      if (!(error instanceof WrongState)) throw error;
      this.house.log.warn({ err: error, restore_id: job.payload.restoreId }, 'the restore had ended before');
    }
    return () => nudgeSequencer(this.house);
  }

  private async decide(tx: Queryable, job: Job<RestorePayload>, command: RestoreCommand, commandId: string): Promise<void> {
    const meta = commandMeta(job.tenant, 'restorer', job.jobId);
    await this.house.store.decide(streamOf.restore(job.payload.restoreId), restoreDecider, command, { commandId, meta, tx });
  }
}
