import { DrError } from './dr-error.ts';

/** The object is not there. Readers of packs reload the index on it (REPOSITORY R8). */
export class ObjectMissing extends DrError {
  readonly code = 'store.object_missing';
  readonly key: string;
  constructor(store: string, key: string) {
    super(`There is no object ${key} in ${store}. It was deleted, never written, or this is not the store you mean.`, {
      details: { store, key },
    });
    this.key = key;
  }
}

/** A range that is empty or reaches beyond the object's or file's end: what is stored is shorter than what was expected. */
export class RangeOutside extends DrError {
  readonly code = 'store.range_outside';
  constructor(what: string, range: { start: number; end: number }, size: number) {
    super(
      `Bytes ${range.start} to ${range.end} of ${what} were asked for, but it has ${size} bytes. It may have been cut short: verify the backup.`,
      {
        details: { what, ...range, size },
      },
    );
  }
}

/** The store did not answer, or answered with an error, until the retry budget was spent. A write may or may not have happened. */
export class StoreUnavailable extends DrError {
  readonly code = 'store.unavailable';
  constructor(doing: string, store: string, cause: unknown) {
    super(`${doing} in ${store} failed: ${reason(cause)}. Check that the store can be reached and written, then try again.`, {
      cause,
      details: { store },
    });
  }
}

/** No space (or quota) left. Nothing was stored under the key. */
export class StoreFull extends DrError {
  readonly code = 'store.full';
  constructor(key: string, store: string, cause: unknown) {
    super(`${store} is full: object ${key} could not be stored (${reason(cause)}). Free space or raise the quota, then try again.`, {
      cause,
      details: { store, key },
    });
  }
}

/** The bytes could not be made durable. The operating system may have dropped them, so a second fsync that succeeds would prove nothing. */
export class NotDurable extends DrError {
  readonly code = 'store.not_durable';
  constructor(what: string, store: string, cause: unknown) {
    super(`${store} could not make ${what} durable (fsync: ${reason(cause)}). Check the disk's health before you go on.`, {
      cause,
      details: { store, what },
    });
  }
}

/** Not a key: keys use lower-case letters, digits, '_', '-' and '/', without empty parts; 'tmp/' is reserved. */
export class BadObjectKey extends DrError {
  readonly code = 'store.bad_key';
  constructor(key: string, why: string) {
    super(`"${key.slice(0, 200)}" cannot be the key of an object: ${why}. This is a defect of the program that asked for it.`, {
      details: { key },
    });
  }
}

/** No key may be a prefix folder of another one: 'k' and 'k/x' cannot both exist. */
export class KeyConflict extends DrError {
  readonly code = 'store.key_conflict';
  constructor(key: string, store: string) {
    super(`Object ${key} cannot be stored in ${store}: another object's key is a part of it, or it is a part of another's.`, {
      details: { store, key },
    });
  }
}

/** The store accepts a second create of the same key, so two writers could both believe that they committed. */
export class NoCreateIfAbsent extends DrError {
  readonly code = 'store.no_create_if_absent';
  constructor(store: string) {
    super(
      `${store} ignores create-if-absent (a second put of the same key succeeded), so backups there could overwrite each other. ` +
        'Use a store that supports conditional writes (AWS S3, MinIO, Google Cloud Storage, Azure Blob, a local disk).',
      { details: { store } },
    );
  }
}

/** A local folder whose file system has no hard links cannot create an object atomically unless it exists. */
export class NoHardLinks extends DrError {
  readonly code = 'store.no_hard_links';
  constructor(store: string, cause: unknown) {
    super(
      `${store} lies on a file system without hard links (${reason(cause)}), where two writers could overwrite each other. ` +
        'It can be read, not written: use a folder on ext4, XFS, Btrfs, ZFS, APFS or NFS, or an object store.',
      { cause, details: { store } },
    );
  }
}

/** There is nothing at the location that a store could be opened on. */
export class StoreMissing extends DrError {
  readonly code = 'store.missing';
  constructor(store: string, why: string) {
    super(`There is no store at ${store}: ${why}. Check the location.`, { details: { store } });
  }
}

/** A write to a store that was opened for reading. */
export class StoreReadOnly extends DrError {
  readonly code = 'store.read_only';
  constructor(store: string) {
    super(`${store} was opened for reading only, so nothing in it can be written or deleted. Open it for writing.`, { details: { store } });
  }
}

/** The location's scheme is one that this version knows but has no backend for. */
export class BackendNotBuilt extends DrError {
  readonly code = 'store.backend_not_built';
  constructor(scheme: string, name: string) {
    super(`The storage backend for ${scheme}:// (${name}) is not built yet in this version. Use a local folder (file:///path).`, {
      details: { scheme },
    });
  }
}

/** The location's text cannot be understood. */
export class BadLocation extends DrError {
  readonly code = 'store.bad_location';
  constructor(location: string, why: string) {
    super(
      `"${location}" is not a storage location: ${why}. Give an absolute folder (/srv/backup or file:///srv/backup), s3://, gs:// or az://.`,
    );
  }
}

/** What an unknown thrown value has to say, in a few words and without a stack. */
export function reason(cause: unknown): string {
  const { code, message } = (typeof cause === 'object' && cause !== null ? cause : {}) as { code?: unknown; message?: unknown };
  if (typeof message !== 'string') return String(cause);
  return typeof code === 'string' && !message.includes(code) ? `${code}, ${message}` : message;
}
