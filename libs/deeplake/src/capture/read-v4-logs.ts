import type { SourceFile, SourceFolder } from '@dr/storage';
import { SourceMissing } from '@dr/storage';
import { mapConcurrent } from '../concurrency.ts';
import { Malformed } from '../errors.ts';
import type { LogFile } from '../v4/catalog.ts';
import { parseLogFile } from '../v4/log-file.ts';
import { missingNumbers } from '../v4/missing-numbers.ts';
import { LOG_ROOT, parseLogName } from '../v4/paths.ts';
import { LOG_BYTES_MAX } from '../v4/read-logs.ts';
import { changedAtNs } from './identity.ts';
import { listIfThere } from './list-source.ts';
import type { Planning } from './plan-capture.ts';

const READS_AT_ONCE = 8;
const RETRY_MS = 50;
/** A log file that is younger may still be in the writing. Source: DEEPLAKE_V4.md section 7.1, steps 3 and 4. */
const WRITING_MS = 5_000;
/** A commit whose number was reserved may appear so long after the next one. */
const RESERVED_MS = 10_000;
const GAPS_MAX = 100;

/** A log file as it was read: `source` is the file that the operations come from. */
export interface ReadLog {
  readonly source: SourceFile;
  /** Without operations: it stayed unreadable. */
  readonly log: LogFile;
}

/** One folder of the log. `others`: entries that are no log files by their names. */
export interface ReadLogFolder {
  readonly id: string;
  readonly logs: ReadLog[];
  readonly others: SourceFile[];
}

/**
 * Reads a log folder while writers commit: a file that is empty, cut or does not parse is read again while it may be in the writing, and a missing
 * number is looked for while its writer may still come. What was read once is not read again (write-once). Gaps that stay are noted.
 */
export async function readLogFolder(planning: Planning, id: string, keep: (file: SourceFile) => boolean): Promise<ReadLogFolder> {
  const others = new Map<string, SourceFile>();
  const logs = new Map<string, ReadLog>();
  const look = () => readNew(planning, id, keep, { logs, others });
  await look();
  for (let waited = 0; waited < RESERVED_MS && (await mayFill(planning, logs)); waited += RETRY_MS) {
    await planning.sleep(RETRY_MS);
    await look();
  }
  const sorted = [...logs.values()].sort((a, b) => (a.source.path < b.source.path ? -1 : 1));
  for (const number of gapsOf(sorted)) planning.notes.gaps.push({ folder: id, number });
  return { id, logs: sorted, others: [...others.values()] };
}

interface Found {
  readonly logs: Map<string, ReadLog>;
  readonly others: Map<string, SourceFile>;
}

async function readNew(planning: Planning, id: string, keep: (file: SourceFile) => boolean, { logs, others }: Found): Promise<void> {
  const fresh: SourceFile[] = [];
  for await (const page of listIfThere(planning, `${LOG_ROOT}/${id}`)) {
    for (const file of page.filter(keep)) {
      if (logs.has(file.path)) continue;
      if (file.kind === 'file' && parseLogName(nameOf(file))) fresh.push(file);
      else others.set(file.path, file);
    }
  }
  for (const read of await readLogs(planning, fresh)) logs.set(read.source.path, read);
}

/** A gap is filled late when its writer was slower than the next one, so by the time the next one is old nobody comes any more. */
async function mayFill({ now }: Planning, logs: ReadonlyMap<string, ReadLog>): Promise<boolean> {
  const read = [...logs.values()];
  const [first] = gapsOf(read);
  if (first === undefined) return false;
  const above = read.filter(({ log }) => log.name.base > first).map(({ source }) => ageMs(source, now()));
  return Math.max(...above.slice(0, GAPS_MAX)) < RESERVED_MS;
}

function gapsOf(logs: readonly ReadLog[]): number[] {
  const gaps: number[] = [];
  for (const number of missingNumbers(logs.map(({ log }) => log))) {
    if (gaps.push(number) === GAPS_MAX) break;
  }
  return gaps;
}

/** Reads log files until each parses, or has not been written for so long that it is damage of the source (T3). Files that vanish are left out. */
async function readLogs({ folder, now, sleep }: Planning, files: readonly SourceFile[]): Promise<ReadLog[]> {
  const done: ReadLog[] = [];
  let open = files;
  for (let waited = 0; open.length > 0; waited += RETRY_MS) {
    if (waited > 0) await sleep(RETRY_MS);
    const read = await mapConcurrent(open, READS_AT_ONCE, (file) => readLog(folder, file));
    const unfinished = (r: ReadLog) => !r.log.operations && waited < WRITING_MS && ageMs(r.source, now()) < WRITING_MS;
    const present = read.filter((r) => r !== undefined);
    done.push(...present.filter((r) => !unfinished(r)));
    open = present.filter(unfinished).map(({ source }) => source);
  }
  return done;
}

async function readLog(folder: SourceFolder, file: SourceFile): Promise<ReadLog | undefined> {
  const name = parseLogName(nameOf(file))!;
  const bad: LogFile = { path: file.path, name, operations: undefined };
  try {
    const { bytes, source } = await readWhole(folder, file.path);
    return { source, log: parseLog(bad, bytes) };
  } catch (error) {
    if (error instanceof SourceMissing) return undefined;
    return { source: file, log: bad };
  }
}

/** The bytes and the identity of the file that they are from. */
async function readWhole(folder: SourceFolder, path: string): Promise<{ bytes: Uint8Array; source: SourceFile }> {
  const handle = await folder.open(path);
  try {
    const { size } = await handle.stat();
    if (size > LOG_BYTES_MAX) throw new Malformed(`the log file has ${size} bytes, more than any real one`);
    const bytes = Buffer.allocUnsafeSlow(size);
    const read = await handle.read(bytes, 0);
    return { bytes: bytes.subarray(0, read), source: await handle.stat() };
  } finally {
    await handle.close();
  }
}

function parseLog(bad: LogFile, bytes: Uint8Array): LogFile {
  try {
    return { ...bad, ...parseLogFile(bad.name, bytes) };
  } catch {
    return bad;
  }
}

function ageMs(file: SourceFile, nowMs: number): number {
  return nowMs - Number(changedAtNs(file) / 1_000_000n);
}

const nameOf = ({ path }: SourceFile): string => path.slice(path.lastIndexOf('/') + 1);
