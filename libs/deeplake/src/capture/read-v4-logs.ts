import type { SourceFile, SourceFolder } from '@dr/storage';
import { SourceMissing } from '@dr/storage';
import { mapConcurrent } from '../concurrency.ts';
import { Malformed } from '../errors.ts';
import type { LogFile } from '../v4/catalog.ts';
import { parseLogFile } from '../v4/log-file.ts';
import { missingNumbers } from '../v4/missing-numbers.ts';
import { filesOf } from '../v4/operation.ts';
import { LOG_ROOT, META_FOLDER, parseLogName } from '../v4/paths.ts';
import { LOG_BYTES_MAX } from '../v4/read-logs.ts';
import { changedAtNs } from './identity.ts';
import { listIfThere } from './list-source.ts';
import { NamedFiles } from './named-files.ts';
import type { Planning } from './plan-capture.ts';

const READS_AT_ONCE = 8;
const RETRY_MS = 50;
/** A log file that is younger may still be in the writing. Source: DEEPLAKE_V4.md section 7.1, steps 3 and 4. */
const WRITING_MS = 5_000;
/** A commit whose number was reserved may appear so long after the next one. */
const RESERVED_MS = 10_000;
const GAPS_MAX = 100;

/** A log file as it was read: `source` is the file that the operations come from, which are kept of `_meta` only. */
export interface ReadLog {
  readonly source: SourceFile;
  /** Without operations: it stayed unreadable. */
  readonly log: LogFile;
}

/** What a look at the folders found that was not there before. */
type FoundNew = boolean;

/** One folder of the log, read bit by bit while writers commit. What was read once is not read again (write-once). */
export class LogFolderReader {
  readonly id: string;
  /** The files that its logs name. */
  readonly named = new NamedFiles();
  readonly #planning: Planning;
  readonly #keep: (file: SourceFile) => boolean;
  readonly #logs = new Map<string, ReadLog>();
  readonly #others = new Map<string, SourceFile>();

  constructor(planning: Planning, id: string, keep: (file: SourceFile) => boolean) {
    this.#planning = planning;
    this.id = id;
    this.#keep = keep;
  }

  /** In the order of their versions. */
  get logs(): ReadLog[] {
    return [...this.#logs.values()].sort((a, b) => (a.source.path < b.source.path ? -1 : 1));
  }

  /** Entries that are no log files by their names. */
  get others(): SourceFile[] {
    return [...this.#others.values()];
  }

  /** Every log file that was read could be understood. */
  get complete(): boolean {
    return [...this.#logs.values()].every(({ log }) => log.operations !== undefined);
  }

  /**
   * Lists the folder and reads what is new. A file that is empty, cut or does not parse is read again while it may be in the writing, and a missing
   * number is looked for while its writer may still come.
   */
  async look(): Promise<FoundNew> {
    let found = await this.#lookOnce();
    for (let waited = 0; waited < RESERVED_MS && this.#mayFill(); waited += RETRY_MS) {
      await this.#planning.sleep(RETRY_MS);
      found = (await this.#lookOnce()) || found;
    }
    return found;
  }

  /** Commit numbers that are missing, at most GAPS_MAX. */
  gaps(): number[] {
    const gaps: number[] = [];
    for (const number of missingNumbers([...this.#logs.values()].map(({ log }) => log))) if (gaps.push(number) === GAPS_MAX) break;
    return gaps;
  }

  async #lookOnce(): Promise<FoundNew> {
    const fresh: SourceFile[] = [];
    for await (const page of listIfThere(this.#planning, `${LOG_ROOT}/${this.id}`)) {
      for (const file of page.filter(this.#keep)) {
        if (this.#logs.has(file.path)) continue;
        if (file.kind === 'file' && parseLogName(nameOf(file))) fresh.push(file);
        else this.#others.set(file.path, file);
      }
    }
    const read = await readLogs(this.#planning, fresh, (log) => this.#withoutFiles(log));
    for (const log of read) this.#logs.set(log.source.path, log);
    return read.length > 0;
  }

  /** Of branches nothing but the named files is needed, and what a log says of each of a million takes gigabytes. */
  #withoutFiles(log: LogFile): LogFile {
    for (const operation of log.operations ?? []) for (const file of filesOf(operation)) this.named.add(file);
    return log.operations && this.id !== META_FOLDER ? { ...log, operations: [] } : log;
  }

  /** A gap is filled late when its writer was slower than the next one, so by the time the next one is old nobody comes any more. */
  #mayFill(): boolean {
    const [first] = this.gaps();
    if (first === undefined) return false;
    const nowMs = this.#planning.now();
    let oldest = Number.NEGATIVE_INFINITY;
    for (const { log, source } of this.#logs.values()) if (log.name.base > first) oldest = Math.max(oldest, ageMs(source, nowMs));
    return oldest < RESERVED_MS;
  }
}

/** Reads log files until each parses, or has not been written for so long that it is damage of the source (T3). Files that vanish are left out. */
async function readLogs(
  { folder, now, sleep }: Planning,
  files: readonly SourceFile[],
  reduce: (log: LogFile) => LogFile,
): Promise<ReadLog[]> {
  const done: ReadLog[] = [];
  let open = files;
  for (let waited = 0; open.length > 0; waited += RETRY_MS) {
    if (waited > 0) await sleep(RETRY_MS);
    const read = await mapConcurrent(open, READS_AT_ONCE, async (file) => {
      const found = await readLog(folder, file);
      return found && { ...found, log: reduce(found.log) };
    });
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
