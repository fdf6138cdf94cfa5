/** '/'-separated parts of lower-case letters, digits, '_' and '-'. No key is a folder of another; 'tmp/' is reserved. */
export type ObjectKey = string;

/** Bytes [start, end). */
export interface ByteRange {
  start: number;
  end: number;
}

export interface ObjectEntry {
  key: ObjectKey;
  /** Bytes. */
  size: number;
  /** The store's clock, milliseconds since 1970. For display and for giving up on someone, never for ordering. */
  modifiedAtMs: number;
}

/** Most entries in a page of `list`. */
export const LIST_PAGE_MAX = 1000;

/**
 * Objects under one prefix. Every adapter passes `object-store.contract.ts`; nothing above this file knows which one it has.
 * All methods may be called concurrently. Keys are checked (BadObjectKey) before anything is sent.
 */
export interface ObjectStore {
  /** For messages; holds no secret. */
  readonly uri: string;

  /**
   * Stores `bytes` (one buffer, or several that are written one after the other) under `key` unless the key exists. Durable when it returns,
   * with either answer. The buffers must not change until then; they stay the caller's.
   * @returns 'created', or 'exists' when somebody (perhaps an earlier try of ours) was first.
   * @throws StoreUnavailable after the retry budget, NotDurable; the object may or may not exist then. Safe to call again.
   * @throws StoreFull, NoHardLinks, KeyConflict, StoreReadOnly; nothing was stored then.
   */
  createIfAbsent(key: ObjectKey, bytes: Uint8Array | readonly Uint8Array[], signal?: AbortSignal): Promise<'created' | 'exists'>;

  /**
   * Bytes [start, end) of an object, or all of it. The caller owns the buffer.
   * @param memory where they may be put if they fit; a store that cannot do so gives them in memory of its own, as `buffer` of the result shows.
   * @throws ObjectMissing, StoreUnavailable; RangeOutside when the range is empty or not wholly inside the object.
   */
  read(key: ObjectKey, range?: ByteRange, signal?: AbortSignal, memory?: ArrayBuffer): Promise<Uint8Array>;

  /**
   * The file that an object is, for threads that read it by themselves (docs/decisions/0082); only of stores whose objects are plain files. Nothing is said
   * of whether it is there: whoever cannot read it asks `read`, which tells why.
   */
  fileOf?(key: ObjectKey): string | undefined;

  /** Size and time of an object; undefined when there is none. @throws StoreUnavailable. */
  stat(key: ObjectKey, signal?: AbortSignal): Promise<ObjectEntry | undefined>;

  /**
   * Objects whose key starts with `prefix` (any text, '' for all) and is greater than `after`, in byte order, in pages of at most
   * LIST_PAGE_MAX, strongly consistent with finished calls. Memory is bounded whatever the number of objects. Nothing there: no page.
   * @throws StoreUnavailable; never a shorter listing instead of an error.
   */
  list(prefix: string, after?: ObjectKey): AsyncIterable<ObjectEntry[]>;

  /** Removes an object; no error when there is none. Only collectors call it. @throws StoreUnavailable, StoreReadOnly. */
  delete(key: ObjectKey): Promise<void>;

  /** Lets go of sockets and handles. May be called twice. No other call may be running or follow. */
  close(): Promise<void>;
}
