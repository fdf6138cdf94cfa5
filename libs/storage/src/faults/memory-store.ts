import { ObjectMissing, RangeOutside } from '../errors.ts';
import { checkKey, checkPrefix } from '../object-key.ts';
import { type ByteRange, LIST_PAGE_MAX, type ObjectEntry, type ObjectKey, type ObjectStore } from '../object-store.ts';

interface Stored {
  bytes: Uint8Array;
  modifiedAtMs: number;
}

/** A store in memory that keeps the contract, for tests that need no disk. Several clients share one `objects`; tests may change it behind their backs. */
export class MemoryStore implements ObjectStore {
  readonly uri: string;
  readonly objects: Map<ObjectKey, Stored>;
  readonly #now: () => number;

  constructor({
    name = 'test',
    objects = new Map(),
    now = () => 0,
  }: { name?: string; objects?: Map<ObjectKey, Stored>; now?: () => number } = {}) {
    this.uri = `memory://${name}`;
    this.objects = objects;
    this.#now = now;
  }

  async createIfAbsent(key: ObjectKey, bytes: Uint8Array | readonly Uint8Array[], signal?: AbortSignal): Promise<'created' | 'exists'> {
    checkKey(key);
    signal?.throwIfAborted();
    if (this.objects.has(key)) return 'exists';
    this.objects.set(key, { bytes: Buffer.concat(bytes instanceof Uint8Array ? [bytes] : bytes), modifiedAtMs: this.#now() });
    return 'created';
  }

  async read(key: ObjectKey, range?: ByteRange, signal?: AbortSignal): Promise<Uint8Array> {
    checkKey(key);
    signal?.throwIfAborted();
    const found = this.objects.get(key);
    if (!found) throw new ObjectMissing(this.uri, key);
    if (!range) return Buffer.from(found.bytes);
    const { start, end } = range;
    if (!(start >= 0 && start < end && end <= found.bytes.length))
      throw new RangeOutside(`object ${key} in ${this.uri}`, range, found.bytes.length);
    return Buffer.from(found.bytes.subarray(start, end));
  }

  async stat(key: ObjectKey, signal?: AbortSignal): Promise<ObjectEntry | undefined> {
    checkKey(key);
    signal?.throwIfAborted();
    return this.#entry(key);
  }

  list(prefix: string, after: ObjectKey = ''): AsyncIterable<ObjectEntry[]> {
    checkPrefix(prefix);
    return this.#pages(prefix, after);
  }

  async *#pages(prefix: string, after: ObjectKey): AsyncGenerator<ObjectEntry[]> {
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
    for (let i = 0; i < keys.length; i += LIST_PAGE_MAX) {
      const page = keys.slice(i, i + LIST_PAGE_MAX).map((key) => this.#entry(key));
      yield page.filter((entry) => entry !== undefined);
    }
  }

  #entry(key: ObjectKey): ObjectEntry | undefined {
    const found = this.objects.get(key);
    return found && { key, size: found.bytes.length, modifiedAtMs: found.modifiedAtMs };
  }

  async delete(key: ObjectKey): Promise<void> {
    checkKey(key);
    this.objects.delete(key);
  }

  async close(): Promise<void> {}
}
