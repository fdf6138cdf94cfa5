import { setTimeout as sleep } from 'node:timers/promises';
import { StoreUnavailable } from '../errors.ts';
import type { ByteRange, ObjectEntry, ObjectKey, ObjectStore } from '../object-store.ts';
import { type Fault, type FaultPlan, noFaults, type Operation } from './fault-plan.ts';

/** One call as it was made, in order, with what was done to it. */
export interface Call {
  operation: Operation;
  key: ObjectKey;
  fault?: Fault['kind'];
}

/** A store in front of another one that follows a plan of faults and keeps a record of the calls. Without faults it passes the contract suite. */
export class FaultyStore implements ObjectStore {
  readonly uri: string;
  readonly calls: Call[] = [];
  /** May be exchanged at any time. */
  plan: FaultPlan;
  readonly #inner: ObjectStore;

  constructor(inner: ObjectStore, plan: FaultPlan = noFaults) {
    this.uri = inner.uri;
    this.plan = plan;
    this.#inner = inner;
  }

  async createIfAbsent(key: ObjectKey, bytes: Uint8Array | readonly Uint8Array[], signal?: AbortSignal): Promise<'created' | 'exists'> {
    const fault = this.#next('createIfAbsent', key);
    const put = (content = bytes): Promise<'created' | 'exists'> => this.#inner.createIfAbsent(key, content, signal);
    if (fault?.kind === 'flip') return put(flipped(Buffer.concat(asArray(bytes)), fault.where));
    if (fault?.kind === 'tear') {
      await put(torn(Buffer.concat(asArray(bytes)), fault.where));
      throw this.#unavailable('Storing', key, fault);
    }
    return this.#around('Storing', key, fault, put);
  }

  async read(key: ObjectKey, range?: ByteRange, signal?: AbortSignal): Promise<Uint8Array> {
    const fault = this.#next('read', key);
    const bytes = await this.#around('Reading', key, fault, () => this.#inner.read(key, range, signal));
    if (fault?.kind === 'flip') return flipped(bytes, fault.where);
    return fault?.kind === 'tear' ? torn(bytes, fault.where) : bytes;
  }

  async stat(key: ObjectKey, signal?: AbortSignal): Promise<ObjectEntry | undefined> {
    return this.#around('Reading the size of', key, this.#next('stat', key), () => this.#inner.stat(key, signal));
  }

  list(prefix: string, after?: ObjectKey): AsyncIterable<ObjectEntry[]> {
    const fault = this.#next('list', prefix);
    return this.#list(this.#inner.list(prefix, after), prefix, fault);
  }

  async *#list(pages: AsyncIterable<ObjectEntry[]>, prefix: string, fault?: Fault): AsyncGenerator<ObjectEntry[]> {
    await this.#before('Listing', prefix, fault);
    for await (const page of pages) {
      if (fault?.kind === 'tear') {
        const kept = page.slice(0, Math.floor(page.length * fault.where));
        if (kept.length > 0) yield kept;
        return;
      }
      yield page;
    }
    if (fault?.kind === 'lose-reply') throw this.#unavailable('Listing', prefix, fault);
  }

  async delete(key: ObjectKey): Promise<void> {
    return this.#around('Deleting', key, this.#next('delete', key), () => this.#inner.delete(key));
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #next(operation: Operation, key: ObjectKey): Fault | undefined {
    const fault = this.plan(operation, key);
    this.calls.push(fault ? { operation, key, fault: fault.kind } : { operation, key });
    return fault;
  }

  async #around<T>(doing: string, key: ObjectKey, fault: Fault | undefined, call: () => Promise<T>): Promise<T> {
    await this.#before(doing, key, fault);
    const first = await call();
    if (fault?.kind === 'lose-reply') throw this.#unavailable(doing, key, fault);
    return fault?.kind === 'repeat' ? call() : first;
  }

  async #before(doing: string, key: ObjectKey, fault?: Fault): Promise<void> {
    if (fault?.kind === 'fail') throw this.#unavailable(doing, key, fault);
    if (fault?.kind === 'delay') await sleep(fault.ms ?? 1);
  }

  #unavailable(doing: string, key: ObjectKey, fault: Fault): StoreUnavailable {
    return new StoreUnavailable(`${doing} ${key}`, this.uri, `planned fault '${fault.kind}'`);
  }
}

function asArray(bytes: Uint8Array | readonly Uint8Array[]): readonly Uint8Array[] {
  return bytes instanceof Uint8Array ? [bytes] : bytes;
}

/** A copy with one bit changed; nothing can be flipped in no bytes. */
export function flipped(bytes: Uint8Array, where: number): Uint8Array {
  const copy = Buffer.from(bytes);
  const bit = Math.floor(where * copy.length * 8);
  if (copy.length > 0) copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}

function torn(bytes: Uint8Array, where: number): Uint8Array {
  return bytes.subarray(0, Math.floor(bytes.length * where));
}
