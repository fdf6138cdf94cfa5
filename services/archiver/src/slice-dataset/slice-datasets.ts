import { join } from 'node:path';
import { type PlannedFile, planCapture } from '@dr/deeplake';
import type { Queryable } from '@dr/event-store';
import type { AfterCommit, ClaimedJob, EndJob, Job, JobContext, NewJob } from '@dr/jobs';
import { BackupDecided } from '@dr/repository';
import { type House, InjectHouse } from '@dr/service';
import { openSourceFolder, type SourceFolder, SourceOutside } from '@dr/storage';
import { Injectable } from '@nestjs/common';
import type { CapturePayload } from '../plan-backup/plan-backup.ts';
import type { SessionInUse } from '../sessions/open-sessions.ts';
import { chooseSlices, isIn, type Slice } from './choose-slices.ts';
import { endSlice, planSlices, rootsOfSlices } from './slice-plan.ts';

/** One pass: what changes meanwhile is found by the job that brings the slices together, which reads it again. */
const ONE_ROUND = { roundsMax: 1, timeMsMax: 0 };

/**
 * A huge data set is captured by several jobs, on as many archivers as there are: each stores the files of one slice in the backup's session,
 * and a last one goes over the whole data set in the safe order, takes over what has not changed since, and is the capture that counts.
 */
@Injectable()
export class SliceDatasets {
  constructor(@InjectHouse() private readonly house: House) {}

  /** How to end a job that found its data set worth cutting; undefined when it is to be captured in one go. */
  async split(job: ClaimedJob<CapturePayload>): Promise<EndJob | undefined> {
    if (job.payload.isSliced || job.payload.bases?.length) return undefined;
    const slices = await chooseSlices(await this.folderOf(job), this.house.config.backup.sliceBytes);
    if (slices.length === 1) return undefined;
    return async (tx) => this.announce(await planSlices(tx, this.house.queue, job, slices));
  }

  /** What the last job can take over; none for a data set that was not cut. */
  async captured({ payload }: Pick<Job<CapturePayload>, 'payload'>): Promise<string[]> {
    return payload.isSliced ? rootsOfSlices(this.house.database, payload) : [];
  }

  /** Captures one slice. A backup that was decided meanwhile needs none of it. */
  async capture(job: ClaimedJob<CapturePayload>, context: JobContext, inUse: () => Promise<string>): Promise<EndJob> {
    const root = await inUse().catch((error: unknown) => {
      if (error instanceof BackupDecided) return undefined;
      throw error;
    });
    context.progress();
    return (tx) => this.end(tx, job, root);
  }

  /** Stores the files of the slice. @returns its tree, durable. */
  async store(job: ClaimedJob<CapturePayload>, { session }: SessionInUse, { signal, progress }: JobContext): Promise<string> {
    const { dataset, slice } = job.payload;
    const folder = await this.folderOf(job);
    const plan = await planCapture(folder, { now: this.house.now, format: dataset.format, limits: ONE_ROUND });
    const files = filesOf(plan.files, slice!);
    const tree = await session.capture({ datasetId: dataset.datasetId, root: folder.root, files, slice: true, signal, progress });
    await session.flush();
    return tree.root;
  }

  async end(tx: Queryable, job: Job<CapturePayload>, root: string | undefined): Promise<AfterCommit> {
    return this.announce(await endSlice(tx, this.house.queue, job, root));
  }

  private announce(jobs: readonly NewJob[]): AfterCommit {
    return () => this.house.queue.announce(jobs);
  }

  private async folderOf({ payload: { dataset } }: Pick<Job<CapturePayload>, 'payload'>): Promise<SourceFolder> {
    const { root } = await openSourceFolder(this.house.config.deeplake.root);
    const folder = await openSourceFolder(join(root, dataset.path));
    if (folder.root !== join(root, dataset.path)) throw new SourceOutside(join(root, dataset.path), 'a symbolic link lies on the way');
    return folder;
  }
}

/** Barriers stay: they are empty groups, and no other group may be empty. */
async function* filesOf(groups: AsyncIterable<PlannedFile[]>, slice: Slice): AsyncGenerator<PlannedFile[]> {
  const isInSlice = isIn(slice);
  for await (const group of groups) {
    const chosen = group.filter(({ kind, path }) => kind === 'file' && isInSlice(path));
    if (chosen.length > 0 || group.length === 0) yield chosen;
  }
}
