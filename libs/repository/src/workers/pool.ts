import { Worker } from 'node:worker_threads';
import { DrError } from '@dr/storage';
import { WorkerDied } from '../errors.ts';
import type { PackKind } from '../format/object-names.ts';
import type { DeliveredPack, FromWorker, Job, JobResult, SealedPiece, ThreadError, ToWorker } from './messages.ts';
import { PackBuffers } from './pack-buffers.ts';
import type { NamedPack } from './pack-source.ts';
import { ReadAhead } from './read-ahead.ts';
import { ReadMemory } from './read-memory.ts';

/** Young generation of a thread's heap: pieces lie outside of it. */
const YOUNG_MEGABYTES = 4;
/** A further thread is worth its start once jobs with so many bytes were handed in for each that runs. */
const BYTES_PER_START = 16 * 1024 * 1024;
/** Jobs a thread has at once: the next one lies ready when one ends. */
const DEPTH = 2;

interface Pending {
  readonly work: Job;
  readonly transfer: ArrayBuffer[];
  /** Only this thread may take it. */
  readonly only?: Thread;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

interface Thread {
  readonly worker: Worker;
  readonly jobs: Map<number, Pending>;
  /** When it has exited. */
  readonly ended: Promise<unknown>;
}

/** A session's ears on the main thread. */
export interface SessionEars {
  /** Takes a finished pack; the buffer is free again when it returns. Never throws. */
  pack(pack: DeliveredPack): Promise<void>;
  /** A pack of the index, to be compared with its name; undefined when it cannot be read. */
  namedPack(pack: number): Promise<NamedPack | undefined>;
  /** A full copy of a piece in a pack that counts; undefined when none can be read. */
  sealedPiece(id: Uint8Array): Promise<SealedPiece | undefined>;
}

/** An error that a worker thread met, with its code and message. */
export class WorkerFailure extends DrError {
  readonly code: string;
  constructor({ code, message }: ThreadError) {
    super(message);
    this.code = code;
  }
}

/**
 * The engine's worker threads: a queue of jobs, the pack buffers they fill, and messages between them and sessions. A thread is started when there is a job
 * that no idle thread can take, so that what needs no thread does not wait for one (100 ms of CPU each); a second one only for as much work as that takes.
 */
export class WorkerPool {
  readonly size: number;
  readonly buffers: PackBuffers<Thread>;
  readonly reads = new ReadMemory();
  readonly readAhead = new ReadAhead();
  readonly #threads: Thread[] = [];
  readonly #queue: Pending[] = [];
  readonly #sessions = new Map<number, SessionEars>();
  /** What a new thread is told of each open session. */
  readonly #setups = new Map<number, ToWorker[]>();
  #lastJob = 0;
  /** Of all jobs so far. */
  #bytes = 0;
  #lastSession = 0;
  #dead: WorkerDied | undefined;
  #closed = false;

  constructor(size: number, buffers: { bytes: Readonly<Record<PackKind, number>>; counts: Readonly<Record<PackKind, number>> }) {
    this.size = size;
    this.buffers = new PackBuffers(buffers, (thread, kind, buffer) => this.#post(thread, { type: 'buffer', kind, buffer }, [buffer]));
  }

  /** Starts the threads that jobs of so many bytes would. */
  expect(bytes: number): void {
    while (bytes > 0 && !this.#closed && this.#threads.length < this.size && bytes >= this.#threads.length * BYTES_PER_START) this.#start();
  }

  /** Threads that were started. */
  get started(): number {
    return this.#threads.length;
  }

  /** Runs a job on whichever thread is free first. @throws WorkerFailure, WorkerDied. */
  run<J extends Job>(work: J, transfer: ArrayBuffer[] = []): Promise<JobResult<J>> {
    return this.#enqueue(work, transfer) as Promise<JobResult<J>>;
  }

  /** Runs a job once on every thread that was started, after the jobs each has already. */
  async runOnEach(work: Job): Promise<void> {
    await Promise.all(this.#threads.map((thread) => this.#enqueue(work, [], thread)));
  }

  /** Opens a session's ears. @returns its number. */
  listen(ears: SessionEars): number {
    this.#sessions.set(++this.#lastSession, ears);
    return this.#lastSession;
  }

  hush(session: number): void {
    this.#sessions.delete(session);
    this.#setups.delete(session);
    this.#trim();
    this.#broadcast({ type: 'end-session', session });
  }

  /** Tells every thread, those that are started later too, about an open session. */
  tell(message: ToWorker & { readonly session: number }): void {
    this.#setups.set(message.session, [...(this.#setups.get(message.session) ?? []), message]);
    this.#broadcast(message);
  }

  /** While no session is open nobody needs buffers. */
  #trim(): void {
    if (this.#sessions.size === 0) this.buffers.trim();
  }

  #giveBack(kind: PackKind, buffer: ArrayBuffer): void {
    this.buffers.give(kind, buffer);
    this.#trim();
  }

  #broadcast(message: ToWorker): void {
    for (const thread of this.#threads) this.#post(thread, message);
  }

  /** A thread with work ends by itself, at the end of its job or where it waits: ended from here inside zstd, Node takes the process with it (0088). */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(
      this.#threads.map(({ worker, jobs, ended }) => {
        if (jobs.size === 0) return worker.terminate();
        worker.ref();
        worker.postMessage({ type: 'close' } satisfies ToWorker);
        return ended;
      }),
    );
  }

  #start(): Thread {
    const source = import.meta.url.endsWith('.ts');
    const url = new URL(source ? './worker.ts' : './worker.js', import.meta.url);
    const worker = new Worker(url, {
      execArgv: source ? ['--conditions=dr-source', '--disable-warning=ExperimentalWarning'] : [],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
    });
    const thread: Thread = { worker, jobs: new Map(), ended: new Promise((resolve) => worker.once('exit', resolve)) };
    worker.on('message', (message: FromWorker) => this.#hear(thread, message));
    worker.on('error', (cause) => this.#die(new WorkerDied(cause)));
    worker.on('exit', (code) => this.#closed || this.#die(new WorkerDied(`exit ${code}`)));
    worker.unref();
    this.#threads.push(thread);
    for (const messages of this.#setups.values()) for (const message of messages) this.#post(thread, message);
    return thread;
  }

  #enqueue(work: Job, transfer: ArrayBuffer[], only?: Thread): Promise<unknown> {
    if (this.#dead) return Promise.reject(this.#dead);
    this.#bytes += bytesOf(work);
    return new Promise((resolve, reject) => {
      const pending = { work, transfer, only, resolve, reject };
      if (only) this.#hand(only, pending);
      else this.#queue.push(pending);
      this.#dispatch();
    });
  }

  #dispatch(): void {
    while (this.#queue.length > 0 && !this.#closed) {
      const thread = this.#freest();
      if (thread.jobs.size >= DEPTH) return;
      this.#hand(thread, this.#queue.shift()!);
    }
  }

  #freest(): Thread {
    const [first, ...others] = this.#threads;
    const freest = first && others.reduce((a, b) => (b.jobs.size < a.jobs.size ? b : a), first);
    return freest && (freest.jobs.size === 0 || !this.#mayStart()) ? freest : this.#start();
  }

  #mayStart(): boolean {
    return this.#threads.length < this.size && this.#bytes >= this.#threads.length * BYTES_PER_START;
  }

  #hand(thread: Thread, pending: Pending): void {
    const job = ++this.#lastJob;
    thread.jobs.set(job, pending);
    thread.worker.ref();
    this.#post(thread, { type: 'job', job, work: pending.work }, pending.transfer);
  }

  #post(thread: Thread, message: ToWorker, transfer: ArrayBuffer[] = []): void {
    if (!this.#closed) thread.worker.postMessage(message, transfer);
  }

  #hear(thread: Thread, message: FromWorker): void {
    switch (message.type) {
      case 'done':
        this.#settle(thread, message.job, (pending) => pending.resolve(message.result));
        break;
      case 'failed':
        this.#settle(thread, message.job, (pending) => pending.reject(new WorkerFailure(message.error)));
        break;
      case 'need':
        this.#need(thread, message.kind);
        break;
      case 'give-back':
        this.#giveBack(message.kind, message.buffer);
        break;
      case 'pack':
        void this.#pack(message);
        break;
      case 'check':
        void this.#check(thread, message.session, message.pack);
        break;
      case 'base':
        void this.#base(thread, message.session, message.id);
    }
  }

  #settle(thread: Thread, job: number, end: (pending: Pending) => void): void {
    const pending = thread.jobs.get(job);
    thread.jobs.delete(job);
    if (thread.jobs.size === 0 && !this.#closed) thread.worker.unref();
    if (pending) end(pending);
    this.#dispatch();
  }

  /** When nothing is on its way back, idle threads hold all buffers in packs they have open: they end them. */
  #need(thread: Thread, kind: PackKind): void {
    if (this.buffers.request(thread, kind)) return;
    for (const other of this.#threads) {
      if (other.jobs.size === 0) this.#hand(other, { work: { type: 'finish' }, transfer: [], resolve: () => {}, reject: () => {} });
    }
  }

  async #pack(pack: DeliveredPack): Promise<void> {
    await this.#sessions.get(pack.session)?.pack(pack);
    this.buffers.give(pack.kind, pack.buffer);
  }

  async #check(thread: Thread, session: number, pack: number): Promise<void> {
    const found = await this.#sessions.get(session)?.namedPack(pack);
    const { bytes, transfer } = exactly(found?.bytes);
    this.#post(thread, { type: 'named-pack', session, pack, found: found && { ...found, bytes } }, transfer);
  }

  async #base(thread: Thread, session: number, id: Uint8Array): Promise<void> {
    const piece = await this.#sessions.get(session)?.sealedPiece(id);
    const { bytes, transfer } = exactly(piece?.bytes);
    const answer = piece && bytes && { ...piece, bytes };
    this.#post(thread, { type: 'sealed-piece', session, id: Buffer.from(id).toString('hex'), piece: answer }, transfer);
  }

  #die(error: WorkerDied): void {
    this.#dead ??= error;
    for (const thread of this.#threads) for (const pending of thread.jobs.values()) pending.reject(error);
    for (const pending of this.#queue.splice(0)) pending.reject(error);
  }
}

/** Bytes of files or packs that a job works on. */
function bytesOf(work: Job): number {
  if (work.type === 'unpack')
    return work.sources.reduce((sum, { bytes, start, file }) => sum + (file ? file.end - start : bytes.length), 0);
  return work.type === 'finish' ? 0 : work.files.reduce((sum, { size }) => sum + size, 0);
}

/** Bytes in a buffer of their own, to be transferred: what shares one with others is copied. */
export function exactly(bytes: Uint8Array | undefined): { bytes: Uint8Array | undefined; transfer: ArrayBuffer[] } {
  if (!bytes) return { bytes, transfer: [] };
  const own = bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer ? bytes : new Uint8Array(bytes);
  return { bytes: own, transfer: [own.buffer as ArrayBuffer] };
}
