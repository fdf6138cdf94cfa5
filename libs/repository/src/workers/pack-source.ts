import { closeSync, constants, openSync, readSync } from 'node:fs';
import { Malformed } from '../errors.ts';
import { sha256Hex, streamedSha256 } from '../format/hashes.ts';
import type { PackBytes } from './messages.ts';

/** A pack that its job has in memory, or reads from its file. */
export interface PackSource {
  /** Bytes [start, end) of the pack, valid until the next call. @throws Malformed where the pack is shorter, PackUnread. */
  bytes(start: number, end: number): Uint8Array;
  /** Name of a pack with all these bytes. @throws PackUnread. */
  name(): string;
  close(): void;
}

/** A pack whose bytes are to be compared with its name: in its file, or in memory. */
export interface NamedPack {
  readonly name: string;
  readonly bytes?: Uint8Array;
  readonly file?: { readonly path: string; readonly end: number };
}

/** Whether a pack has the bytes that its name was made of; not when they cannot be read. */
export function hasItsName({ name, bytes, file }: NamedPack): boolean {
  if (!file) return bytes !== undefined && sha256Hex(bytes) === name;
  let source: FileSource | undefined;
  try {
    source = new FileSource(file, 0);
    return source.name() === name;
  } catch (cause) {
    if (cause instanceof PackUnread) return false;
    throw cause;
  } finally {
    source?.close();
  }
}

/** The file of a pack could not be read; whoever asks the store is told why. */
export class PackUnread extends Error {}

export const packSource = (pack: PackBytes): PackSource => (pack.file ? new FileSource(pack.file, pack.start) : new MemorySource(pack));

class MemorySource implements PackSource {
  readonly #pack: PackBytes;

  constructor(pack: PackBytes) {
    this.#pack = pack;
  }

  bytes(from: number, to: number): Uint8Array {
    const { bytes, start } = this.#pack;
    if (from < start || to - start > bytes.length) throw new Malformed('the object ends before a record does');
    return bytes.subarray(from - start, to - start);
  }

  name(): string {
    return sha256Hex(this.#pack.bytes);
  }

  close(): void {}
}

/** Small records are read some at once, large ones one by one: what was read is still in the processor's cache when it is opened. */
const WINDOW_BYTES = 256 * 1024;
export const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** This thread's, for one source after the other. It grows to the longest record. */
let memory = Buffer.alloc(0);

function memoryFor(length: number): Buffer {
  if (memory.length < length) memory = Buffer.allocUnsafeSlow(Math.ceil(length / WINDOW_BYTES) * WINDOW_BYTES);
  return memory;
}

/** Only one of a thread is read at a time: they share their memory. */
class FileSource implements PackSource {
  readonly #fd: number;
  readonly #start: number;
  readonly #end: number;
  #from = 0;
  #to = 0;

  constructor({ path, end }: { path: string; end: number }, start: number) {
    this.#fd = unlessUnread(() => openSync(path, READ_FLAGS));
    this.#start = start;
    this.#end = end;
  }

  bytes(from: number, to: number): Uint8Array {
    if (from < this.#start || to < from || to > this.#end) throw new Malformed('the object ends before a record does');
    if (from < this.#from || to > this.#to) this.#read(from, to);
    return memory.subarray(from - this.#from, to - this.#from);
  }

  name(): string {
    const hash = streamedSha256();
    for (let at = 0; at < this.#end; at += WINDOW_BYTES) hash.update(this.bytes(at, Math.min(this.#end, at + WINDOW_BYTES)));
    return hash.digest('hex');
  }

  close(): void {
    closeSync(this.#fd);
  }

  #read(from: number, to: number): void {
    const most = Math.min(this.#end, to - from < WINDOW_BYTES / 2 ? from + WINDOW_BYTES : to);
    const target = memoryFor(most - from);
    this.#from = from;
    this.#to = from;
    while (this.#to < most) {
      const read = unlessUnread(() => readSync(this.#fd, target, this.#to - from, most - this.#to, this.#to));
      if (read === 0) throw new PackUnread('the file is shorter than its pack');
      this.#to += read;
    }
  }
}

function unlessUnread<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new PackUnread('the file of a pack cannot be read', { cause });
  }
}
