import { DrError } from '../dr-error.ts';
import type { ByteRange, ObjectEntry, ObjectKey, ObjectStore } from '../object-store.ts';

/** What a client sees of its store once its process was killed: nothing any more. */
export class PowerCut extends DrError {
  readonly code = 'test.power_cut';
  constructor() {
    super('The process was killed');
  }
}

/** A write that was sent before the process died and reaches the store after that. */
export type LateWrite = () => Promise<unknown>;

export interface PowerCutOptions {
  /** The write, counted from 1, at which the process is killed; default never. */
  readonly atWrite?: number;
  /** Decides the order of writes, their fates, and which are sent twice. In [0, 1). */
  readonly random: () => number;
  /** Objects whose write may be cut in the middle: those that the store does not create whole or not at all. */
  readonly tearable: RegExp;
  /** Writes of processes that died before: they arrive among the operations of this one. */
  readonly late?: readonly LateWrite[];
}

interface Write {
  readonly key: ObjectKey;
  readonly bytes: Buffer;
  resolve(outcome: 'created' | 'exists'): void;
  reject(error: unknown): void;
}

const REPEATED = 0.05;
const ARRIVES = 0.2;

/**
 * The store (which it does not own) as one process sees it that is killed at one of its writes. Writes that are under way at the same time are done in any order, and some twice
 * (the second answer counts). Of those under way when it dies, each is lost, done, cut in the middle, or left to arrive later; what was answered
 * before stays done.
 */
export class PowerCutStore implements ObjectStore {
  readonly uri: string;
  /** Writes that arrive when their process is long dead. */
  readonly late: LateWrite[];
  /** Writes that were begun. */
  writes = 0;
  dead = false;
  readonly #inner: ObjectStore;
  readonly #options: PowerCutOptions;
  readonly #underWay: Write[] = [];
  readonly #fates: Promise<unknown>[] = [];

  constructor(inner: ObjectStore, options: PowerCutOptions) {
    this.uri = inner.uri;
    this.late = [...(options.late ?? [])];
    this.#inner = inner;
    this.#options = options;
  }

  async createIfAbsent(key: ObjectKey, bytes: Uint8Array | readonly Uint8Array[]): Promise<'created' | 'exists'> {
    await this.#alive();
    const content = Buffer.concat(bytes instanceof Uint8Array ? [bytes] : bytes);
    return new Promise((resolve, reject) => {
      this.#underWay.push({ key, bytes: content, resolve, reject });
      if (++this.writes === this.#options.atWrite) this.#die();
      else setImmediate(() => void this.#doOne());
    });
  }

  async read(key: ObjectKey, range?: ByteRange, signal?: AbortSignal): Promise<Uint8Array> {
    await this.#alive();
    return this.#inner.read(key, range, signal);
  }

  async stat(key: ObjectKey, signal?: AbortSignal): Promise<ObjectEntry | undefined> {
    await this.#alive();
    return this.#inner.stat(key, signal);
  }

  async *list(prefix: string, after?: ObjectKey): AsyncGenerator<ObjectEntry[]> {
    await this.#alive();
    yield* this.#inner.list(prefix, after);
  }

  async delete(key: ObjectKey): Promise<void> {
    await this.#alive();
    return this.#inner.delete(key);
  }

  async close(): Promise<void> {
    await Promise.all(this.#fates);
  }

  /** @throws PowerCut. */
  async #alive(): Promise<void> {
    if (this.dead) throw new PowerCut();
    if (this.late.length > 0 && this.#options.random() < ARRIVES) await this.late.shift()!();
  }

  /** One of the writes under way, whichever the dice name. */
  async #doOne(): Promise<void> {
    const [write] = this.#underWay.splice(Math.floor(this.#options.random() * this.#underWay.length), 1);
    if (!write) return;
    try {
      const first = await this.#inner.createIfAbsent(write.key, write.bytes);
      write.resolve(this.#options.random() < REPEATED ? await this.#inner.createIfAbsent(write.key, write.bytes) : first);
    } catch (error) {
      write.reject(error);
    }
  }

  #die(): void {
    this.dead = true;
    for (const write of this.#underWay.splice(0)) {
      this.#decideFate(write);
      write.reject(new PowerCut());
    }
  }

  #decideFate({ key, bytes }: Write): void {
    const { random, tearable } = this.#options;
    const dice = random();
    const cut = tearable.test(key) ? Math.floor(random() * bytes.length) : bytes.length;
    if (dice < 0.25) return;
    if (dice < 0.5) this.late.push(() => this.#inner.createIfAbsent(key, bytes));
    else this.#fates.push(this.#inner.createIfAbsent(key, dice < 0.75 ? bytes.subarray(0, cut) : bytes));
  }
}
