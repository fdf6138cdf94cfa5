import { chainHashes, type LogHead, logHead, type Queryable } from '@dr/event-store';
import { CHAIN_START, chained, Damaged, type LogArchive, type LogFork, type LogStep, type ReadLogSegment, stepsOf } from '@dr/repository';
import { ObjectMissing } from '@dr/storage';

/** Where the next segment goes: behind `position`, in `epoch`; `fork` while the epoch has no segment yet and is not the first. */
export interface CopyHead extends LogHead {
  readonly epoch: number;
  readonly fork?: LogFork;
}

export interface LogComparison {
  /** The last position that log and copy have in common, with the chain's hash there. */
  readonly common: LogHead;
  readonly log: LogHead;
  /** The copy's newest epoch; 0 when nothing was ever copied. */
  readonly epoch: number;
  /** The copy has more behind the common position. */
  readonly copyGoesOn: boolean;
  /** Segments behind the common position that cannot be read. */
  readonly unreadable: readonly string[];
}

/**
 * Compares the log of the database with its copy in the repository, from the end: in the usual case one segment is read. Damage further back
 * is not looked for. @throws what the store throws
 */
export async function compareLog(on: Queryable, copy: LogArchive): Promise<LogComparison> {
  const steps = stepsOf(await copy.names());
  const log = await logHead(on);
  const epoch = steps.reduce((newest, step) => Math.max(newest, step.epoch), 0);
  const unreadable: string[] = [];
  let copyGoesOn = false;
  for (const step of steps.toReversed()) {
    if (step.first - 1 > log.position) {
      copyGoesOn = true;
      continue;
    }
    const segment = await readable(copy, step);
    if (!segment) {
      unreadable.push(step.key);
      copyGoesOn = true;
      continue;
    }
    const common = await commonIn(on, segment, step, log);
    if (common) return { common, log, epoch, copyGoesOn: copyGoesOn || common.position < Math.min(segment.last, step.until), unreadable };
    copyGoesOn = true;
  }
  return { common: { position: 0, hash: CHAIN_START }, log, epoch, copyGoesOn, unreadable };
}

async function readable(copy: LogArchive, step: LogStep): Promise<ReadLogSegment | undefined> {
  try {
    return await copy.read(step);
  } catch (error) {
    if (error instanceof Damaged || error instanceof ObjectMissing) return undefined;
    throw error;
  }
}

/** The last common position of the log and a segment; undefined when they differ before it begins. */
async function commonIn(on: Queryable, segment: ReadLogSegment, { until }: LogStep, log: LogHead): Promise<LogHead | undefined> {
  const before = segment.first - 1;
  const hashes = await chainHashes(on, before, Math.min(segment.last, log.position));
  if (before === 0) hashes.set(0, CHAIN_START);
  if (hashes.get(before) !== segment.previous) return undefined;
  let common: LogHead = { position: before, hash: segment.previous };
  for (const body of segment.bodies) {
    const next: LogHead = { position: common.position + 1, hash: chained(common.hash, body) };
    if (next.position > until || hashes.get(next.position) !== next.hash) break;
    common = next;
  }
  return common;
}
