import { isDataset, systemStateName } from '@dr/config';
import { type BackupType, backupDecider, type CaptureCommand, captureDecider, streamOf } from '@dr/domain';
import type { Queryable } from '@dr/event-store';
import { type ClaimedJob, type EndJob, type JobContext, KeepTrying, type OnDead } from '@dr/jobs';
import { ProgressPublisher } from '@dr/messaging';
import { BackupDecided, type Progress } from '@dr/repository';
import { commandMeta, type House, InjectHouse, nudgeSequencer, startWorker } from '@dr/service';
import { openSourceFolder, SourceMissing, SourceOutside } from '@dr/storage';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { CaptureHooks } from '../capture-hooks/capture-hooks.ts';
import { basesFor, type CaptureBase } from '../plan-backup/capture-bases.ts';
import type { CapturePayload } from '../plan-backup/plan-backup.ts';
import { NotPromotable, promoteDataset } from '../promote-backup/promote-dataset.ts';
import { OpenSessions, type SessionInUse } from '../sessions/open-sessions.ts';
import { SliceDatasets } from '../slice-dataset/slice-datasets.ts';
import { captureItem } from '../system-state/capture-item.ts';
import { soundBases, usableBase } from './bases.ts';
import { captureDataset } from './capture-dataset.ts';
import { changesSinceBase } from './changes-since.ts';

/** Data sets captured at a time by one archiver; each uses all worker threads while it reads. */
const SLOTS = 2;

/** Runs `capture` jobs: one data set of one backup each. The job ends by the event in the data set's capture stream. */
@Injectable()
export class CaptureDatasets implements OnApplicationBootstrap, OnApplicationShutdown {
  private stop: (() => Promise<void>) | undefined;
  private readonly progress: ProgressPublisher;

  constructor(
    @InjectHouse() private readonly house: House,
    private readonly sessions: OpenSessions,
    private readonly slices: SliceDatasets,
    private readonly hooks: CaptureHooks,
  ) {
    this.progress = new ProgressPublisher(house.bus);
  }

  async onApplicationBootstrap(): Promise<void> {
    this.stop = await startWorker<CapturePayload>(this.house, {
      kind: 'capture',
      slots: SLOTS,
      run: (job, context) => this.run(job, context),
      onDead: this.onDead,
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.stop?.();
  }

  private async run(job: ClaimedJob<CapturePayload>, context: JobContext): Promise<EndJob> {
    const { backupId } = job.payload;
    const { state } = await this.house.store.load(streamOf.backup(backupId), backupDecider);
    const type = 'request' in state ? state.request.backupType : 'full';
    const inSession = <T>(work: (inUse: SessionInUse) => Promise<T>) => this.sessions.use({ tenant: job.tenant, backupId, type }, work);
    if (job.payload.slice) return this.slices.capture(job, context, () => inSession((inUse) => this.slices.store(job, inUse, context)));
    const recorded = (command: CaptureCommand): EndJob => {
      return (tx) => this.record(tx, job, command);
    };
    const failed = (error: unknown) => failureOf(error, job.payload, this.house.config.deeplake.root);
    const item = systemStateName(job.payload.dataset.datasetId);
    if (item !== undefined) return recorded(await inSession((inUse) => this.captureItem(item, job, context, inUse)).catch(failed));
    const promotedFrom = 'request' in state ? state.request.promotedFrom : undefined;
    if (promotedFrom !== undefined)
      return recorded(await inSession<CaptureCommand>((inUse) => this.promote(promotedFrom, job, context, inUse)).catch(failed));
    if (job.attempts > job.attemptsMax) return recorded(await this.giveUp(job, context));
    const cut = this.hooks.areSet || type === 'snapshot' ? undefined : this.slices.split(job);
    const split = await cut?.catch(async (error: unknown) => recorded(await failed(error)));
    if (split) return split;
    const capture = () => inSession<CaptureCommand>((inUse) => this.capture(job, context, inUse, type)).catch(failed);
    return recorded(await this.hooks.around(job, context, capture));
  }

  private captureItem(name: string, job: ClaimedJob<CapturePayload>, context: JobContext, inUse: SessionInUse): Promise<CaptureCommand> {
    const { backupId, dataset } = job.payload;
    const { config, now, log } = this.house;
    const item = config.backup.systemState.find((one) => one.name === name);
    return captureItem({ ...inUse, item, name, backupId, dataset, tenantId: job.tenant, now, log, context });
  }

  /** No hook runs: the state is that of the snapshot, whatever writers do now. */
  private promote(
    snapshotId: string,
    { payload }: ClaimedJob<CapturePayload>,
    context: JobContext,
    inUse: SessionInUse,
  ): Promise<CaptureCommand> {
    const { backupId, dataset } = payload;
    const progress = (done: Progress): void => {
      context.progress();
      this.progress.publish(backupId, { dataset_id: dataset.datasetId, ...done });
    };
    const sourceRoot = this.house.config.deeplake.root;
    return promoteDataset({ ...inUse, backupId, dataset, snapshotId, sourceRoot, signal: context.signal, progress });
  }

  /** The archiver of its last try died, so the hooks that come after a capture have not run. */
  private async giveUp(job: ClaimedJob<CapturePayload>, { signal }: JobContext): Promise<CaptureCommand> {
    const lost = `the archiver died in each of ${job.attemptsMax} tries`;
    await this.hooks.after(job, signal, new Error(lost));
    return failure(job.payload, 'capture.failed', lost);
  }

  private async capture(
    job: ClaimedJob<CapturePayload>,
    context: JobContext,
    inUse: SessionInUse,
    type: BackupType,
  ): Promise<CaptureCommand> {
    const { backupId, dataset } = job.payload;
    const { now, config } = this.house;
    const bases = await this.basesOf(job, inUse, type);
    const slices = await this.slices.captured(job);
    const captured = await captureDataset({
      ...inUse,
      bases: [...bases.map(({ root }) => root), ...slices],
      snapshot: type === 'snapshot',
      earlierTrees: () => this.newestTrees(job.tenant, dataset.datasetId),
      backupId,
      dataset,
      sourceRoot: config.deeplake.root,
      now,
      signal: context.signal,
      progress: (progress) => {
        context.progress();
        this.progress.publish(backupId, { dataset_id: dataset.datasetId, ...progress });
      },
    });
    const [base] = bases;
    if (!base) return captured;
    const built = { ...captured, baseBackupId: base.backupId };
    if (type === 'snapshot') return built;
    const changes = await changesSinceBase(inUse.tenant, base.root, captured).catch((error: unknown) => {
      this.house.log.warn(
        { err: error, backup_id: backupId, dataset_id: dataset.datasetId },
        'what changed since the last backup cannot be told',
      );
      return undefined;
    });
    return { ...built, ...(changes && { changes }) };
  }

  /** One to build on; a snapshot, which reads nothing, refers to all that may hold what it lists. */
  private async basesOf({ payload }: ClaimedJob<CapturePayload>, { tenant }: SessionInUse, type: BackupType): Promise<CaptureBase[]> {
    if (type === 'snapshot') return soundBases(this.house.store, tenant, payload.bases);
    const base = await usableBase(this.house.store, tenant, payload.bases);
    return base ? [base] : [];
  }

  /** Whatever the type of this backup: a copy is compared with, not trusted. */
  private async newestTrees(tenant: string, datasetId: string): Promise<string[]> {
    const newest = await basesFor(this.house.database, { tenant, type: 'incremental', datasetIds: [datasetId] });
    return (newest.get(datasetId) ?? []).map(({ root }) => root);
  }

  private readonly onDead: OnDead<CapturePayload> = async (tx, job, error) => {
    if (job.payload.slice) return this.slices.end(tx, job, undefined);
    if (isDataset(job.payload.dataset.datasetId) && this.hooks.areDue(job)) throw new KeepTrying(job.jobId);
    return this.record(tx, job, failure(job.payload, 'capture.failed', error));
  };

  private async record(tx: Queryable, job: { jobId: string; tenant: string; payload: CapturePayload }, command: CaptureCommand) {
    const { backupId, dataset } = job.payload;
    const meta = commandMeta(job.tenant, 'archiver', job.jobId);
    const options = { commandId: `record-${job.jobId}`, meta, tx };
    await this.house.store.decide(streamOf.capture(backupId, dataset.n), captureDecider, command, options);
    return () => nudgeSequencer(this.house);
  }
}

/** The failure that another try would only repeat. @throws every other error. */
async function failureOf(error: unknown, payload: CapturePayload, sourceRoot: string): Promise<CaptureCommand> {
  const { backupId, dataset } = payload;
  if (error instanceof BackupDecided)
    return failure(payload, error.code, `Backup ${backupId} was decided before ${dataset.datasetId} was captured.`);
  if (error instanceof SourceOutside || error instanceof NotPromotable) return failure(payload, error.code, error.message);
  if (!(error instanceof SourceMissing) || !(await isThere(sourceRoot))) throw error;
  return failure(payload, 'capture.removed', `Data set ${dataset.datasetId} was removed before its capture had ended.`);
}

/** A source root that is away as a whole may come back, so no data set of it counts as removed. */
const isThere = (sourceRoot: string): Promise<boolean> =>
  openSourceFolder(sourceRoot).then(
    () => true,
    () => false,
  );

const failure = ({ backupId, dataset }: CapturePayload, code: string, message: string): CaptureCommand => ({
  kind: 'recordFailed',
  backupId,
  n: dataset.n,
  datasetId: dataset.datasetId,
  code,
  message,
  findings: [],
});
