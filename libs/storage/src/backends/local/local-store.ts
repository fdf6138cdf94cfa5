import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DrError } from '../../dr-error.ts';
import { KeyConflict, NoHardLinks, ObjectMissing, RangeOutside, StoreFull, StoreReadOnly, StoreUnavailable } from '../../errors.ts';
import { checkKey, checkPrefix } from '../../object-key.ts';
import type { ByteRange, ObjectEntry, ObjectKey, ObjectStore } from '../../object-store.ts';
import type { OpenStoreOptions } from '../../open-store.ts';
import { Pace } from '../../source/pace.ts';
import { DirectWrites } from './direct-writes.ts';
import { type Disk, errno, disk as realDisk } from './disk.ts';
import { DurableFolders } from './durable-folders.ts';
import { listObjects, statObject } from './list-objects.ts';
import { prepareForReading, prepareForWriting, temporaryName } from './prepare.ts';
import { linkOnce, writeTemporary } from './put-once.ts';

/** Reads up to this are answered blocking while the disk answers at once. */
const BLOCKING_BYTES_MAX = 256 * 1024;
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Opens a folder as a store. @throws StoreMissing, NoHardLinks, StoreUnavailable, BadLocation. */
export async function openLocalStore(folder: string, options: OpenStoreOptions = {}, disk: Disk = realDisk): Promise<ObjectStore> {
  const writable = options.mode !== 'read';
  const root = writable ? await prepareForWriting(folder, disk) : await prepareForReading(folder);
  return new LocalStore(root, writable, disk);
}

/**
 * Objects as plain files. A put writes tmp/<random> on the same file system, fsyncs it, and link()s it to its name, so that a name always holds
 * a whole object and exactly one of many writers wins; then the folder is fsynced. Never rename over, never O_EXCL at the final name.
 */
class LocalStore implements ObjectStore {
  readonly uri: string;
  readonly #root: string;
  readonly #writable: boolean;
  readonly #disk: Disk;
  readonly #folders: DurableFolders;
  readonly #direct: DirectWrites;
  /** Undefined over calls that a test makes fail: those are all of the patient kind. */
  readonly #pace: Pace | undefined;

  constructor(root: string, writable: boolean, disk: Disk) {
    this.uri = `file://${root}`;
    this.#root = root;
    this.#writable = writable;
    this.#disk = disk;
    this.#folders = new DurableFolders(root, disk);
    this.#direct = new DirectWrites(root, disk);
    this.#pace = disk === realDisk ? new Pace() : undefined;
  }

  async createIfAbsent(key: ObjectKey, bytes: Uint8Array | readonly Uint8Array[], signal?: AbortSignal): Promise<'created' | 'exists'> {
    checkKey(key);
    this.#mustBeWritable();
    signal?.throwIfAborted();
    const buffers = bytes instanceof Uint8Array ? [bytes] : bytes;
    try {
      return (await this.#put(join(this.#root, key), buffers, signal)) ? 'created' : 'exists';
    } catch (cause) {
      signal?.throwIfAborted();
      throw this.#putError(key, cause);
    }
  }

  async #put(name: string, buffers: readonly Uint8Array[], signal?: AbortSignal): Promise<boolean> {
    await this.#folders.ensure(dirname(name));
    const temporary = temporaryName(this.#root);
    const direct = await this.#direct.fit(buffers);
    const handle = await writeTemporary(temporary, buffers, { store: this.uri, disk: this.#disk, direct });
    try {
      signal?.throwIfAborted();
      const won = await linkOnce(temporary, name, handle, this.#disk);
      if (!won) await this.#mustBeAnObject(name);
      await this.#folders.sync(dirname(name));
      return won;
    } finally {
      await handle.close();
      // What cannot be removed now is swept when the store is next opened.
      await this.#disk.unlink(temporary).catch(() => undefined);
    }
  }

  /** link() says EEXIST for a folder, too, but a folder is not an object that was there first. */
  async #mustBeAnObject(name: string): Promise<void> {
    if (!(await this.#disk.lstat(name)).isFile()) throw new KeyConflict(name.slice(this.#root.length + 1), this.uri);
  }

  #putError(key: ObjectKey, cause: unknown): unknown {
    if (cause instanceof DrError) return cause;
    switch (errno(cause)) {
      case 'ENOSPC':
      case 'EDQUOT':
        return new StoreFull(key, this.uri, cause);
      case 'ENOTDIR':
        return new KeyConflict(key, this.uri);
      case 'ENOTSUP':
      case 'EOPNOTSUPP':
      case 'ENOSYS':
        return new NoHardLinks(this.uri, cause);
      case 'ENOENT':
        this.#folders.forget();
    }
    return new StoreUnavailable(`Storing object ${key}`, this.uri, cause);
  }

  async read(key: ObjectKey, range?: ByteRange, signal?: AbortSignal, memory?: ArrayBuffer): Promise<Uint8Array> {
    checkKey(key);
    signal?.throwIfAborted();
    const small = !memory && (!range || range.end - range.start <= BLOCKING_BYTES_MAX);
    const bytes = small
      ? await this.#pace?.ask(
          () => this.#readSmall(key, range),
          async () => undefined,
        )
      : undefined;
    return bytes ?? this.#readPatiently(key, range, memory);
  }

  /** Undefined for what is large, or does not go as it should: asking again, patiently, tells. */
  #readSmall(key: ObjectKey, range?: ByteRange): Uint8Array | undefined {
    let fd: number | undefined;
    try {
      fd = openSync(join(this.#root, key), READ_FLAGS);
      const found = fstatSync(fd);
      const { start, end } = range ?? { start: 0, end: found.size };
      if (!found.isFile() || start < 0 || start >= end || end > found.size || end - start > BLOCKING_BYTES_MAX) return undefined;
      const bytes = Buffer.allocUnsafeSlow(end - start);
      return readSync(fd, bytes, 0, bytes.length, start) === bytes.length ? bytes : undefined;
    } catch {
      return undefined;
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }

  async #readPatiently(key: ObjectKey, range?: ByteRange, memory?: ArrayBuffer): Promise<Uint8Array> {
    const handle = await this.#open(key);
    try {
      return await this.#readFrom(handle, key, range, memory);
    } catch (cause) {
      throw cause instanceof DrError ? cause : new StoreUnavailable(`Reading object ${key}`, this.uri, cause);
    } finally {
      await handle.close();
    }
  }

  async #open(key: ObjectKey): Promise<FileHandle> {
    try {
      return await this.#disk.open(join(this.#root, key), READ_FLAGS);
    } catch (cause) {
      if (errno(cause) === 'ENOENT' || errno(cause) === 'ENOTDIR') throw new ObjectMissing(this.uri, key);
      throw new StoreUnavailable(`Opening object ${key}`, this.uri, cause);
    }
  }

  async #readFrom(handle: FileHandle, key: ObjectKey, range?: ByteRange, memory?: ArrayBuffer): Promise<Uint8Array> {
    const found = await handle.stat();
    if (!found.isFile()) throw new ObjectMissing(this.uri, key);
    const { start, end } = range ?? { start: 0, end: found.size };
    if (range && !(start >= 0 && start < end && end <= found.size)) {
      throw new RangeOutside(`object ${key} in ${this.uri}`, { start, end }, found.size);
    }
    const bytes = memory && memory.byteLength >= end - start ? Buffer.from(memory, 0, end - start) : Buffer.allocUnsafeSlow(end - start);
    await readFully(handle, bytes, start);
    return bytes;
  }

  /** Not over calls that a test makes fail. */
  fileOf(key: ObjectKey): string | undefined {
    checkKey(key);
    return this.#disk === realDisk ? join(this.#root, key) : undefined;
  }

  async stat(key: ObjectKey, signal?: AbortSignal): Promise<ObjectEntry | undefined> {
    checkKey(key);
    signal?.throwIfAborted();
    return statObject({ root: this.#root, disk: this.#disk, pace: this.#pace }, key);
  }

  list(prefix: string, after: ObjectKey = ''): AsyncIterable<ObjectEntry[]> {
    checkPrefix(prefix);
    return listObjects({ root: this.#root, prefix, after, disk: this.#disk, pace: this.#pace });
  }

  async delete(key: ObjectKey): Promise<void> {
    checkKey(key);
    this.#mustBeWritable();
    const name = join(this.#root, key);
    try {
      await this.#disk.unlink(name);
      await this.#folders.sync(dirname(name));
    } catch (cause) {
      if (errno(cause) === 'ENOENT' || errno(cause) === 'ENOTDIR') return;
      throw cause instanceof DrError ? cause : new StoreUnavailable(`Deleting object ${key}`, this.uri, cause);
    }
  }

  async close(): Promise<void> {}

  #mustBeWritable(): void {
    if (!this.#writable) throw new StoreReadOnly(this.uri);
  }
}

async function readFully(handle: FileHandle, bytes: Buffer, start: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, start + done);
    if (bytesRead === 0) throw new Error(`the file ended ${bytes.length - done} bytes early`);
    done += bytesRead;
  }
}
