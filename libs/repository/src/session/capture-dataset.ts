import { Crew, mapLimited } from '../concurrency.ts';
import { BadRequest } from '../errors.ts';
import { encodeEntry } from '../format/tree-entry.ts';
import { checkPath } from '../format/tree-path.ts';
import { TreeAssembly } from '../tree/assemble-tree.ts';
import { TreeBuilder } from '../tree/build-tree.ts';
import { EntryLog } from '../tree/entry-log.ts';
import type { CapturedTree, CaptureFile, CaptureRequest, Progress } from '../types.ts';
import type { CaptureJob, CaptureResult } from '../workers/messages.ts';
import { isRacy } from '../workers/racy.ts';
import { fileToRead } from './earlier-forms.ts';
import type { PageStore } from './page-store.ts';
import type { PreparedFile } from './promote-files.ts';
import { partsOf } from './stream-parts.ts';
import { StreamedFile } from './streamed-file.ts';
import type { UnchangedFiles } from './unchanged-files.ts';

/** A job holds so many files, or so many bytes, whichever is first: small files share a message, large ones travel alone. */
const BATCH_FILES = 64;
const BATCH_BYTES = 4 * 1024 * 1024;

export interface CaptureParts {
  readonly session: number;
  readonly nameKey: Uint8Array;
  readonly pages: PageStore;
  /** Batches that may be on their way at once. */
  readonly batchesMax: number;
  readonly run: (job: CaptureJob) => Promise<CaptureResult>;
  readonly now: () => number;
  /** Missing: every file is read. */
  readonly bases?: UnchangedFiles;
  /** Whether pieces may be stored as deltas of earlier ones. */
  readonly deltas: boolean;
  /** The backup is a snapshot: what no base holds may be pinned instead of read. */
  readonly mayPin: boolean;
  /** @throws when the session is broken. */
  readonly check: () => void;
}

/** One data set's capture: hands batches of files to the threads, gathers tree entries, builds the tree. */
export class DatasetCapture {
  readonly #parts: CaptureParts;
  readonly #request: CaptureRequest;
  readonly #log = new EntryLog();
  readonly #crew: Crew;
  readonly #progress: Progress = { files: 0, filesTotal: 0, bytes: 0, bytesTotal: 0 };
  readonly #sums = { newBytes: 0, storedBytes: 0 };
  #batch: { file: CaptureFile; turn: number }[] = [];
  #batchBytes = 0;
  #turn = 0;
  #takenOver = 0;
  /** Files that are done without being read. */
  #unread = 0;

  constructor(parts: CaptureParts, request: CaptureRequest) {
    this.#parts = parts;
    this.#request = request;
    this.#crew = new Crew(parts.batchesMax);
  }

  /** What is in work is waited for, unless nobody wants it any more: a store that does not answer must not hold up a cancel. */
  async run(): Promise<CapturedTree> {
    const { signal } = this.#request;
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal!.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    try {
      await Promise.race([aborted.promise, this.#read()]);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
    return this.#tree();
  }

  async #read(): Promise<void> {
    try {
      for await (const group of this.#request.files) {
        for (const file of group) await this.#take(file);
        if (group.length === 0) await this.#barrier();
        this.#stop();
      }
      await this.#barrier();
      this.#tell();
    } finally {
      await this.#crew.settled();
    }
  }

  async #take(file: CaptureFile): Promise<void> {
    checkPath(file.path);
    if (file.kind !== 'file') return this.#put(file);
    this.#progress.filesTotal++;
    if (file.stream) return this.#takeStream(file, file.stream);
    this.#progress.bytesTotal += file.size;
    if (this.#takePrepared(file)) return;
    if (this.#parts.bases && !file.content && (await this.#takeOver(this.#parts.bases, file))) return;
    if (file.pin && this.#pin(file)) return;
    this.#request.onRead?.();
    this.#batch.push({ file, turn: this.#turn++ });
    this.#batchBytes += file.size;
    if (this.#batch.length >= BATCH_FILES || this.#batchBytes >= BATCH_BYTES) await this.#hand();
  }

  /** What a promotion has found out about a file stands as it is. */
  #takePrepared(file: PreparedFile): boolean {
    const { path, entry, finding, size } = file;
    if (!entry && !finding) return false;
    this.#log.put(path, this.#turn++, entry, entry ? size : undefined, finding);
    if (entry) this.#takenOver++;
    this.#done(file);
    return true;
  }

  async #takeOver(bases: UnchangedFiles, file: CaptureFile): Promise<boolean> {
    const found = await bases.unchanged(file);
    if (!found) return false;
    if (found.place) bases.first.keep(found.place, this.#turn++, file.size);
    else this.#log.put(file.path, this.#turn++, found.body, file.size);
    this.#takenOver++;
    this.#done(file);
    return true;
  }

  /** @returns whether the entry stands: a file that may have changed since it was listed without a sign is read instead. */
  #pin(file: CaptureFile): boolean {
    if (!this.#parts.mayPin) throw new BadRequest(`${file.path} was to be pinned, and only a snapshot may pin`);
    if (isRacy(file, this.#parts.now())) return false;
    this.#log.put(file.path, this.#turn++, encodeEntry({ ...file, kind: 'file', racy: false, pinned: true }).view(), file.size);
    this.#done(file);
    return true;
  }

  #done({ size }: CaptureFile): void {
    this.#progress.files++;
    this.#progress.bytes += size;
    if (++this.#unread % BATCH_FILES === 0) this.#tell();
  }

  /** A part is asked for when there is room for it: whoever makes the bytes is held up then. */
  async #takeStream(file: CaptureFile, stream: AsyncIterable<Uint8Array>): Promise<void> {
    this.#request.onRead?.();
    const turn = this.#turn++;
    const streamed = new StreamedFile(file);
    for await (const content of partsOf(stream)) {
      this.#stop();
      const { number, part } = streamed.begin(content);
      await this.#crew.start(async () => this.#takePart(streamed, number, part));
    }
    await this.#crew.done();
    this.#log.put(file.path, turn, streamed.entry(), streamed.size);
    this.#progress.files++;
  }

  async #takePart(streamed: StreamedFile, number: number, part: CaptureFile): Promise<void> {
    const { session, run, now } = this.#parts;
    const result = await run({ type: 'capture', session, root: this.#request.root, nowMs: now(), files: [part] });
    const { entry, newBytes, storedBytes } = result.files[0]!;
    streamed.captured(number, result.entries.subarray(entry!.start, entry!.end));
    this.#sums.newBytes += newBytes;
    this.#sums.storedBytes += storedBytes;
    this.#progress.bytes += part.size;
    this.#progress.bytesTotal += part.size;
    this.#tell();
  }

  /** What has no bytes to read goes straight into the tree; 'gone' takes an entry back. */
  async #put(file: CaptureFile): Promise<void> {
    const { path, kind } = file;
    const body = kind === 'gone' || kind === 'file' ? undefined : encodeEntry({ ...file, kind, racy: false, size: 0 }).view();
    const place = body && (await this.#parts.bases?.same(path, body));
    if (place) this.#parts.bases!.first.keep(place, this.#turn++, undefined);
    else this.#log.put(path, this.#turn++, body, undefined);
  }

  /** Gives the batch to a thread as soon as there is room. */
  async #hand(): Promise<void> {
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#batch = [];
    this.#batchBytes = 0;
    await this.#crew.start(() => this.#readBatch(batch));
  }

  async #readBatch(batch: readonly { file: CaptureFile; turn: number }[]): Promise<void> {
    const { session, run, now, deltas, bases } = this.#parts;
    const files = await mapLimited(batch, 1, ({ file }) => fileToRead(file, deltas, bases));
    const result = await run({ type: 'capture', session, root: this.#request.root, nowMs: now(), files });
    result.files.forEach(({ path, entry, size, newBytes, storedBytes, finding }, i) => {
      this.#log.put(path, batch[i]!.turn, entry && result.entries.subarray(entry.start, entry.end), entry ? size : undefined, finding);
      this.#sums.newBytes += newBytes;
      this.#sums.storedBytes += storedBytes;
      this.#progress.files++;
      this.#progress.bytes += batch[i]!.file.size;
    });
    this.#tell();
  }

  #tell(): void {
    this.#request.progress?.({ ...this.#progress });
  }

  async #barrier(): Promise<void> {
    await this.#hand();
    await this.#crew.done();
    this.#stop();
  }

  /** @throws the first error of a batch, the session's error, or the caller's abort. */
  #stop(): void {
    this.#crew.check();
    this.#parts.check();
    this.#request.signal?.throwIfAborted();
  }

  async #tree(): Promise<CapturedTree> {
    const builder = new TreeBuilder(this.#parts.nameKey, async (page) => {
      const { id, stored } = await this.#parts.pages.put(page);
      this.#sums.storedBytes += stored;
      if (stored > 0) this.#sums.newBytes += page.length;
      return id;
    });
    const assembly = new TreeAssembly(builder, this.#log, (page) => this.#parts.bases!.counts(page));
    const root = Buffer.from(await assembly.run(this.#parts.bases?.first)).toString('hex');
    this.#stop();
    return { datasetId: this.#request.datasetId, root, ...assembly.totals, ...this.#sums, takenOver: this.#takenOver };
  }
}
