import type { ObjectKey } from '@dr/storage';
import { DrError } from '@dr/storage';

/** A repository lies there already; nothing was written. */
export class RepositoryExists extends DrError {
  readonly code = 'repository.exists';
  constructor(store: string) {
    super(`${store} already holds a repository, so no new one was made there. Open it, or choose an empty place.`, { details: { store } });
  }
}

/** No repository.json: wrong place, or nothing was ever made there. */
export class RepositoryMissing extends DrError {
  readonly code = 'repository.missing';
  constructor(store: string) {
    super(`There is no repository in ${store} (no repository.json). Check the location, or make a repository there first.`, {
      details: { store },
    });
  }
}

/** A new repository was asked for where the remains of one lie. Nothing was written. */
export class DescriptionLost extends DrError {
  readonly code = 'repository.description_lost';
  constructor(store: string) {
    super(
      `${store} holds backups although its repository.json is missing, so no new repository was made there. Open it with its passphrase instead: ` +
        'its commits say what is missing, and opening it for writing writes it anew.',
      { details: { store } },
    );
  }
}

/** Written by a newer version of this program. Nothing was changed. */
export class FormatTooNew extends DrError {
  readonly code = 'repository.format_too_new';
  constructor(object: ObjectKey, found: number, known: number) {
    super(
      `${object} has format ${found}, this version knows ${known} and older ones. Use a newer version of Tributary DR on this repository.`,
      {
        details: { object, found, known },
      },
    );
  }
}

/** Bytes in the store are not what was written there. Names the object, and the paths that need it where they are known. */
export class Damaged extends DrError {
  readonly code = 'repository.damaged';
  readonly object: ObjectKey;
  readonly paths: readonly string[];
  constructor(object: ObjectKey, what: string, options: { cause?: unknown; paths?: readonly string[] } = {}) {
    const paths = options.paths ?? [];
    const needed = paths.length === 0 ? '' : ` Needed by ${listed(paths)}.`;
    super(
      `Object ${object} is damaged: ${what}.${needed} Verify the backup (level full) to see what else is hit, and restore from another one.`,
      {
        cause: options.cause,
        details: { object, paths: paths.slice(0, 100) },
      },
    );
    this.object = object;
    this.paths = paths;
  }
}

/** No index segment knows the piece or page: the index or the pack is lost. */
export class PieceUnresolved extends DrError {
  readonly code = 'repository.piece_unresolved';
  readonly paths: readonly string[];
  constructor(piece: string, index: ObjectKey, paths: readonly string[] = []) {
    const needed = paths.length === 0 ? '' : ` Needed by ${listed(paths)}.`;
    super(`Piece ${piece} is in no pack that the index ${index} knows.${needed} Verify the backup to see which objects are missing.`, {
      details: { piece, paths: paths.slice(0, 100) },
    });
    this.paths = paths;
  }
}

export class TenantUnknown extends DrError {
  readonly code = 'repository.tenant_unknown';
  constructor(tenant: string) {
    super(`The repository holds nothing of tenant "${tenant}". Check the name (dr list shows what is there).`, { details: { tenant } });
  }
}

export class BackupUnknown extends DrError {
  readonly code = 'repository.backup_unknown';
  constructor(backupId: string, tenant: string) {
    super(`Tenant "${tenant}" has no backup ${backupId} in this repository. Check the id (dr list shows what is there).`, {
      details: { backupId, tenant },
    });
  }
}

/** The backup was decided the other way: it ended without data. */
export class BackupNotCommitted extends DrError {
  readonly code = 'repository.backup_not_committed';
  constructor(backupId: string, reason: string) {
    super(`Backup ${backupId} was given up (${reason}), so there is nothing in it. Use another one.`, { details: { backupId } });
  }
}

/** A ledger plan names it: it is gone from that moment, even where bytes are left. */
export class BackupPurged extends DrError {
  readonly code = 'repository.backup_purged';
  constructor(backupId: string, plan: number) {
    super(`Backup ${backupId} was purged by ledger plan ${plan}. Use another one.`, { details: { backupId, plan } });
  }
}

/** The backup has its decision: no session can be opened for it any more. */
export class BackupDecided extends DrError {
  readonly code = 'repository.backup_decided';
  constructor(backupId: string, kind: string) {
    super(
      `Backup ${backupId} already ended with a ${kind}, so nothing more can be stored in it. Read its decision, or start a new backup.`,
      {
        details: { backupId, kind },
      },
    );
  }
}

/** A file of a snapshot whose bytes the repository does not hold. */
export class PinnedOnly extends DrError {
  readonly code = 'repository.pinned_only';
  constructor(path: string) {
    super(
      `The snapshot only pins ${path}: it says which file it was, and the repository does not hold its bytes. Restore the snapshot where its source is ` +
        'connected, or promote it while the file is still there.',
      { details: { path } },
    );
  }
}

/** What a commit needs is not all stored. Nothing was decided; joining the session and capturing again stores what is missing. */
export class CommitIncomplete extends DrError {
  readonly code = 'repository.commit_incomplete';
  constructor(backupId: string, what: string) {
    super(`Backup ${backupId} cannot be sealed: ${what}. Capture its data sets again in the same backup.`, { details: { backupId } });
  }
}

export class PathUnknown extends DrError {
  readonly code = 'repository.path_unknown';
  constructor(path: string, root: string) {
    super(`There is no file ${path} in the tree ${root.slice(0, 16)}… of this backup. List its contents for the names.`, {
      details: { path, root },
    });
  }
}

export class BadPath extends DrError {
  readonly code = 'repository.bad_path';
  constructor(path: string, why: string) {
    super(`"${path.slice(0, 200)}" cannot be stored or restored as a path: ${why}.`, { details: { path } });
  }
}

export class TargetNotEmpty extends DrError {
  readonly code = 'repository.target_not_empty';
  constructor(target: string) {
    super(`${target} is not empty, and a restore never writes over what is there. Choose a folder that is empty or does not exist.`, {
      details: { target },
    });
  }
}

/** Writing the restored files failed (disk full, permissions). */
export class TargetFailed extends DrError {
  readonly code = 'repository.target_failed';
  constructor(doing: string, cause: unknown) {
    super(
      `${doing} failed: ${cause instanceof Error ? cause.message : String(cause)}. Check space and permissions of the target, then restore again.`,
      {
        cause,
      },
    );
  }
}

/** The repository was opened with mode 'read'. */
export class OpenedForReading extends DrError {
  readonly code = 'repository.opened_for_reading';
  constructor(doing: string) {
    super(`${doing} needs a repository that is opened for writing; this one was opened for reading.`);
  }
}

/** What was written differs from what was meant, noticed before it counted: memory, CPU or library at fault. */
export class SealMismatch extends DrError {
  readonly code = 'repository.seal_mismatch';
  constructor(path: string) {
    super(
      `A piece of ${path} did not come back right when it was decrypted and decompressed before storing. Nothing wrong was stored. ` +
        "This machine's memory or CPU may be faulty: test it before you go on.",
      { details: { path } },
    );
  }
}

/** A worker thread died. What it had stored stays stored. */
export class WorkerDied extends DrError {
  readonly code = 'repository.worker_died';
  constructor(cause: unknown) {
    super(
      `A worker thread of the engine ended: ${cause instanceof Error ? cause.message : String(cause)}. Start the operation again; what is stored is kept.`,
      {
        cause,
      },
    );
  }
}

/** A request that this version never accepts; a defect of the caller. */
export class BadRequest extends DrError {
  readonly code = 'repository.bad_request';
  constructor(what: string) {
    super(`${what}. This is a defect of the program that asked for it.`);
  }
}

const listed = (paths: readonly string[]): string =>
  paths.slice(0, 5).join(', ') + (paths.length > 5 ? ` and ${paths.length - 5} more` : '');

/** Bytes that do not follow the format. Internal: whoever knows the object's key turns it into `Damaged`. */
export class Malformed extends DrError {
  readonly code = 'repository.malformed';
}
