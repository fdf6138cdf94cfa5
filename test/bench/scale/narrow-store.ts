import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ByteRange, LIST_PAGE_MAX, type ObjectEntry, type ObjectKey, type ObjectStore } from '@dr/storage';

/**
 * A local repository as one session sees it that is alone: listings of tenants' objects show what was stored since `forget`. So ten thousand backups are
 * made through the engine in a minute, though each of them would read what all before it stored. Nothing is synced: for benchmarks only.
 */
export class NarrowStore implements ObjectStore {
  readonly uri: string;
  readonly #inner: ObjectStore;
  readonly #root: string;
  readonly #sizes = new Map<ObjectKey, number>();

  /** @param root the folder of `inner`. */
  constructor(inner: ObjectStore, root: string) {
    this.uri = inner.uri;
    this.#inner = inner;
    this.#root = root;
  }

  forget(): void {
    this.#sizes.clear();
  }

  async createIfAbsent(key: ObjectKey, bytes: Uint8Array | readonly Uint8Array[]): Promise<'created' | 'exists'> {
    const whole = bytes instanceof Uint8Array ? bytes : Buffer.concat(bytes);
    mkdirSync(dirname(join(this.#root, key)), { recursive: true });
    try {
      writeFileSync(join(this.#root, key), whole, { flag: 'wx' });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return 'exists';
      throw cause;
    }
    this.#sizes.set(key, whole.length);
    return 'created';
  }

  read(key: ObjectKey, range?: ByteRange): Promise<Uint8Array> {
    return this.#inner.read(key, range);
  }

  stat(key: ObjectKey): Promise<ObjectEntry | undefined> {
    return this.#inner.stat(key);
  }

  list(prefix: string, after: ObjectKey = ''): AsyncIterable<ObjectEntry[]> {
    return prefix.startsWith('t/') ? this.#own(prefix, after) : this.#inner.list(prefix, after);
  }

  async *#own(prefix: string, after: ObjectKey): AsyncGenerator<ObjectEntry[]> {
    const keys = [...this.#sizes.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
    for (let i = 0; i < keys.length; i += LIST_PAGE_MAX)
      yield keys.slice(i, i + LIST_PAGE_MAX).map((key) => ({ key, size: this.#sizes.get(key)!, modifiedAtMs: 0 }));
  }

  delete(key: ObjectKey): Promise<void> {
    return this.#inner.delete(key);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
