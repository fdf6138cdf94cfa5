import { type Finding, type RecordRestored, type RestoreCommand, restoreDecider, streamOf, WrongState } from '@dr/domain';
import type { Queryable } from '@dr/event-store';
import { type AfterCommit, type ClaimedJob, type EndJob, type Job, type JobContext, KeepTrying, type OnDead } from '@dr/jobs';
import { ProgressPublisher } from '@dr/messaging';
import type { Commit } from '@dr/repository';
import { findPlace, type Place, restoreDataset, undoSwap } from '@dr/restore';
import { commandMeta, type House, InjectHouse, nudgeSequencer, RepositoryAccess, startWorker } from '@dr/service';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { RestorePayload } from '../plan-restore/plan-restore.ts';
import { RESTORES_AT_ONCE } from './at-once.ts';
import { isCancelled, RestoreCancelled, watchForCancel } from './cancel-watch.ts';
import { recordRate } from './rate.ts';

/** Errors that no further try can help: told at once instead of being tried again. */
const FINAL = /^(restore\.|repository\.(damaged|pinned_only|backup_|path_unknown|tenant_unknown|format_too_new)|wrong_state\.|keys\.)/;

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
      slots: RESTORES_AT_ONCE,
      run: (job, context) => this.run(job, context),
      onDead: this.onDead,
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.stop?.();
  }

  /** A failure that another try could mend is thrown, and its staging is gone; the others, and that of the last try, are the data set's result. */
  private async run(job: ClaimedJob<RestorePayload>, context: JobContext): Promise<EndJob> {
    if (job.attempts > job.attemptsMax) return this.giveUp(job, job.error ?? 'the restorer died in each of its tries');
    const began = this.house.now();
    const watch = watchForCancel(this.house.database, job.payload.restoreId);
    try {
      const command = await this.restore(job, context, AbortSignal.any([context.signal, watch.signal]));
      return async (tx) => {
        await recordRate(tx, { bytes: command.bytes, ms: this.house.now() - began });
        return this.record(tx, job, command);
      };
    } catch (error) {
      if (context.signal.aborted) throw error;
      const { code, message } = (watch.signal.aborted ? watch.signal.reason : error) as { code?: unknown; message: string };
      const isFinal = typeof code === 'string' && FINAL.test(code);
      if (!isFinal && job.attempts < job.attemptsMax) throw error;
      if (!isFinal) return this.giveUp(job, message);
      return (tx) => this.record(tx, job, { kind: 'recordFailed', n: job.payload.dataset.n, code, message });
    } finally {
      watch.end();
    }
  }

  private async restore(job: ClaimedJob<RestorePayload>, context: JobContext, signal: AbortSignal): Promise<RecordRestored> {
    const { restoreId, backupId, dataset, options } = job.payload;
    if (await isCancelled(this.house.database, restoreId)) {
      await undoSwap(await this.placeIn(job));
      throw new RestoreCancelled();
    }
    const tenant = await (await this.repository.open()).tenant(job.tenant);
    const commit = await tenant.commit(backupId);
    const place = await this.placeOf(job, commit);
    const result = await restoreDataset({
      tenant,
      commit,
      dataset,
      options,
      sourceRoot: this.house.config.deeplake.root,
      liveRoot: this.house.config.deeplake.root,
      place,
      planned: dataset.planned,
      now: this.house.now,
      signal,
      moved: () => context.progress(),
      progress: (progress) => {
        context.progress();
        this.progress.publish(restoreId, { dataset_id: dataset.from, ...progress });
      },
      beginSwap: () => this.beginSwap(job, context),
    });
    return { kind: 'recordRestored', n: dataset.n, from: dataset.from, to: dataset.to, ...result };
  }

  /** Also when the repository is away: what lies there is found all the same. */
  private async placeIn(job: ClaimedJob<RestorePayload>): Promise<Place> {
    const commit = async () => (await (await this.repository.open()).tenant(job.tenant)).commit(job.payload.backupId);
    return this.placeOf(job, await commit().catch(() => undefined));
  }

  /** Without the commit it is found where it lies, but not where it should come back to. */
  private placeOf({ payload: { restoreId, targetTenant, dataset }, token }: ClaimedJob<RestorePayload>, commit?: Commit): Promise<Place> {
    const captured = commit?.datasets.find(({ datasetId }) => datasetId === dataset.from)?.path;
    const at = { tenant: targetTenant, dataset: dataset.to, restoreId, n: dataset.n, token, captured };
    return findPlace(this.house.config.deeplake.root, at);
  }

  private beginSwap(job: ClaimedJob<RestorePayload>, context: JobContext): Promise<void> {
    return context.inLease(async (tx) => {
      await this.decide(tx, job, { kind: 'beginSwap' }, `swap-${job.payload.restoreId}`);
    });
  }

  /** Disks are for a job, not for the transaction that counts its tries: the next run gives up. */
  private readonly onDead: OnDead<RestorePayload> = async (_tx, job) => {
    throw new KeepTrying(job.jobId);
  };

  /** The target is the old data set, or the new one when the swap had been done; nothing of ours is left beside it. */
  private async giveUp(job: ClaimedJob<RestorePayload>, error: string): Promise<EndJob> {
    const { n, from, to } = job.payload.dataset;
    if ((await this.undo(job)) === 'undone')
      return (tx) => this.record(tx, job, { kind: 'recordFailed', n, code: 'restore.failed', message: error });
    const [findings, lacks]: [Finding[], string] = [[], `It is in its place, but was not looked at again: ${error}`];
    return (tx) => this.record(tx, job, { kind: 'recordRestored', n, from, to, objects: 0, bytes: 0, findings, lacks });
  }

  private async undo(job: ClaimedJob<RestorePayload>): Promise<'done' | 'undone'> {
    try {
      return await undoSwap(await this.placeIn(job));
    } catch (error) {
      this.house.log.error({ err: error, restore_id: job.payload.restoreId }, 'what a restore left beside its target could not be removed');
      return 'undone';
    }
  }

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
