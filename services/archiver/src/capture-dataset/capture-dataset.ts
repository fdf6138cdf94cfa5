import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { inspectDataset, planCapture } from '@dr/deeplake';
import type { DatasetRef, RecordCaptured } from '@dr/domain';
import type { BackupSession, PieceId, Progress, TenantRepository } from '@dr/repository';
import { openSourceFolder, type SourceFolder, SourceOutside, storageIdentity } from '@dr/storage';
import { type Attempt, captureUntilWhole } from './attempts.ts';
import { lostCommits } from './lost-commits.ts';
import { oneFile } from './one-file.ts';
import { recordOf } from './record-capture.ts';

/** Needs a repository and a folder, nothing of a running house. */
export interface CaptureDataset {
  session: BackupSession;
  tenant: TenantRepository;
  backupId: string;
  dataset: DatasetRef;
  /** Absolute folder that holds all data sets. */
  sourceRoot: string;
  /** Captures this one file of the folder, as if nothing else were there. */
  only?: string;
  /** Trees of the same data set that an incremental or differential backup may trust: what has an equal identity there is taken without reading. */
  bases?: readonly PieceId[];
  /** Only metadata and the version tree are read; of the rest, what `bases` do not hold is pinned by identity. */
  snapshot?: boolean;
  /** Trees of the newest backups, asked for when the source lacks a commit: did it ever have it? Default: `bases`. */
  earlierTrees?: () => Promise<readonly PieceId[]>;
  now: () => number;
  signal?: AbortSignal;
  progress?: (progress: Progress) => void;
  /** Waits for a writer; tests pass one that does not. */
  sleep?: (ms: number) => Promise<unknown>;
}

/**
 * Copies one data set into the session while writers run, in the safe order of its format, makes it durable, and checks the structure of the COPY,
 * not of the source: only what can be restored counts. A torn copy is taken again; one that stays torn is kept, with its findings, and they say
 * whether the source itself is damaged. Whether the data set is intact follows from the findings. Source: DEEPLAKE.md section 3.
 * @throws SourceMissing when the data set was removed, SourceOutside when a link took its place; what the store or the signal throws. What was
 * stored until then is found again by the next try.
 */
export async function captureDataset(request: CaptureDataset): Promise<RecordCaptured> {
  const { backupId, dataset, tenant, bases = [], earlierTrees = async () => bases, signal, now } = request;
  const whole = await openDataset(request.sourceRoot, dataset);
  const folder = request.only === undefined ? whole : oneFile(whole, request.only);
  const sleep = request.sleep ?? ((ms: number) => wait(ms, undefined, { signal }));
  const paused = (ms: number) =>
    sleep(ms).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error;
    });
  const attempt = (n: number, earlier: Attempt | undefined) => captureOnce(request, { folder, n, earlier, sleep: paused });
  const outcome = await captureUntilWhole({ attempt, sleep: paused, now }).catch(async (error: unknown) => {
    signal?.throwIfAborted();
    await openDataset(request.sourceRoot, dataset);
    throw error;
  });
  const record = recordOf(backupId, dataset, outcome, await lostCommits(tenant, earlierTrees, outcome.notes.gaps));
  return request.snapshot ? { ...record, pinned: await pinnedAt(request, outcome) } : record;
}

/** What is only pinned, and where it lies: whoever looks for it there must know that it is the same place. */
async function pinnedAt(
  { sourceRoot, dataset: { path } }: CaptureDataset,
  { tree: { pinned } }: Attempt,
): Promise<RecordCaptured['pinned']> {
  return { ...pinned, storage: await storageIdentity(sourceRoot), path };
}

/** Also what explains an error best: between the request and now a folder on the way may have become a link, perhaps into another tenant's data. @throws SourceOutside */
async function openDataset(sourceRoot: string, { path }: DatasetRef): Promise<SourceFolder> {
  const { root } = await openSourceFolder(sourceRoot);
  const folder = await openSourceFolder(join(root, path));
  if (folder.root !== join(root, path)) throw new SourceOutside(join(root, path), 'a symbolic link lies on the way');
  return folder;
}

interface Once {
  folder: SourceFolder;
  /** From 1. */
  n: number;
  /** What this session captured before: unchanged files are taken from it. */
  earlier: Attempt | undefined;
  sleep: (ms: number) => Promise<unknown>;
}

/** The format that discovery saw counts for the first try; by the next one the data set may have been made anew in another one. */
async function captureOnce(request: CaptureDataset, { folder, n, earlier, sleep }: Once): Promise<Attempt> {
  const { session, tenant, dataset, now, signal, progress } = request;
  const format = n === 1 || request.only !== undefined ? dataset.format : undefined;
  const plan = await planCapture(folder, { now, sleep, format, pins: request.snapshot });
  const bases = [...(earlier ? [earlier.tree.root] : []), ...(request.bases ?? [])];
  const tree = await session.capture({ datasetId: dataset.datasetId, root: folder.root, files: plan.files, bases, signal, progress });
  await session.flush();
  const options = { format: plan.format, gapsAtSource: plan.notes.gaps.length > 0 };
  return { tree, notes: plan.notes, report: await inspectDataset(tenant.openFiles(tree.root), options) };
}
