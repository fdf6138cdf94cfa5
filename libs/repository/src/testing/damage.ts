import type { ByteRange, ObjectEntry, ObjectKey, ObjectStore } from '@dr/storage';
import { ObjectMissing, RangeOutside } from '@dr/storage';

/** Changes the bytes of an object; undefined = the object is gone. */
export type Damage = (bytes: Buffer) => Buffer | undefined;

export const flipAt =
  (position: number, bit = 0): Damage =>
  (bytes) => {
    const changed = Buffer.from(bytes);
    changed[position]! ^= 1 << bit;
    return changed;
  };
export const dropAt =
  (position: number): Damage =>
  (bytes) =>
    Buffer.concat([bytes.subarray(0, position), bytes.subarray(position + 1)]);
export const append: Damage = (bytes) => Buffer.concat([bytes, Buffer.of(0)]);
export const insertAt =
  (position: number): Damage =>
  (bytes) =>
    Buffer.concat([bytes.subarray(0, position), Buffer.of(0x55), bytes.subarray(position)]);
export const gone: Damage = () => undefined;
export const emptied: Damage = () => Buffer.alloc(0);

/** A store that shows one object of another store damaged, and takes no writes. */
export class DamagedStore implements ObjectStore {
  readonly uri = 'damaged://';
  readonly #inner: ObjectStore;
  #key: ObjectKey = '';
  #damage: Damage = (bytes) => bytes;

  constructor(inner: ObjectStore, key?: ObjectKey, damage?: Damage) {
    this.#inner = inner;
    if (key !== undefined && damage) this.show(key, damage);
  }

  /** From now on this object, and no other, is damaged. */
  show(key: ObjectKey, damage: Damage): void {
    this.#key = key;
    this.#damage = damage;
  }

  createIfAbsent(): Promise<'exists'> {
    return Promise.resolve('exists');
  }

  async read(key: ObjectKey, range?: ByteRange): Promise<Uint8Array> {
    if (key !== this.#key) return this.#inner.read(key, range);
    const bytes = await this.#damaged();
    if (!bytes) throw new ObjectMissing(this.uri, key);
    if (range && range.end > bytes.length) throw new RangeOutside(key, range, bytes.length);
    return range ? new Uint8Array(bytes.subarray(range.start, range.end)) : new Uint8Array(bytes);
  }

  async stat(key: ObjectKey): Promise<ObjectEntry | undefined> {
    const entry = await this.#inner.stat(key);
    return entry && this.#shown(entry);
  }

  async *list(prefix: string, after?: ObjectKey): AsyncGenerator<ObjectEntry[]> {
    for await (const page of this.#inner.list(prefix, after)) {
      const shown = await Promise.all(page.map((entry) => this.#shown(entry)));
      yield shown.filter((entry) => entry !== undefined);
    }
  }

  delete(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #shown(entry: ObjectEntry): Promise<ObjectEntry | undefined> {
    if (entry.key !== this.#key) return entry;
    const bytes = await this.#damaged();
    return bytes && { ...entry, size: bytes.length };
  }

  async #damaged(): Promise<Buffer | undefined> {
    return this.#damage(Buffer.from(await this.#inner.read(this.#key)));
  }
}
