import type { Finding } from '@dr/deeplake';
import { DrError } from '@dr/storage';

/** A name that would lead out of the tenant's folder, or into our own names. */
export class BadPlace extends DrError {
  readonly code = 'restore.bad_target';
  constructor(tenant: string, dataset: string) {
    super(
      `${tenant}/${dataset} cannot be a restore target: names must be NFC, not empty, '.', '..' or longer than 255 bytes, not begin with '.dr-', and hold no control characters.`,
    );
  }
}

/** A link or a file where a folder should be: what is written below it would land somewhere else. */
export class TargetIsNoFolder extends DrError {
  readonly code = 'restore.target_is_no_folder';
  constructor(path: string) {
    super(
      `${path} is not a folder but a link or a file, so nothing is restored below it. Remove it, or restore to another tenant or name.`,
    );
  }
}

/** Something lies where the data set should go, and overwriting was not asked for. */
export class TargetExists extends DrError {
  readonly code = 'restore.target_exists';
  constructor(target: string) {
    super(
      `${target} exists already and was left as it is. Restore with overwrite_existing (--overwrite), or under another name (dataset_mapping).`,
    );
  }
}

/** A folder above the target is a data set itself: what is written into it damages that one, and no backup would find the new one. */
export class TargetInsideDataset extends DrError {
  readonly code = 'restore.target_inside_dataset';
  constructor(target: string, dataset: string) {
    super(
      `${target} lies inside the data set ${dataset}, so nothing is restored there: it would become a part of that one. Restore under another name (dataset_mapping) or to another tenant (target_tenant).`,
    );
  }
}

/** The target is a folder with data sets in it, all of which would be replaced by one. */
export class TargetAboveDatasets extends DrError {
  readonly code = 'restore.target_above_datasets';
  constructor(target: string) {
    super(
      `${target} is no data set but a folder with data sets in it, all of which would be lost, so it was left as it is. Restore under another name (dataset_mapping) or to another tenant (target_tenant).`,
    );
  }
}

/** The operating system does not let us look at what is there, so nothing can be said about it and nothing is done to it. */
export class TargetUnreadable extends DrError {
  readonly code = 'restore.target_unreadable';
  constructor(path: string, cause: unknown) {
    super(`${path} cannot be looked at (${said(cause)}), so nothing is restored there. Check the permissions and the file system.`, {
      cause,
    });
  }
}

export class TargetReadOnly extends DrError {
  readonly code = 'restore.target_read_only';
  constructor(path: string, cause?: unknown) {
    super(
      `${path} cannot be written (${said(cause)}). Mount it writable or give the restorer the right to write there; nothing was changed.`,
      {
        cause,
      },
    );
  }
}

/** Sizes in bytes. `needed` counts what is staged beside the old data set before it takes its place. */
export class NoSpace extends DrError {
  readonly code = 'restore.no_space';
  constructor(path: string, { needed, free }: { needed?: number; free?: number }, cause?: unknown) {
    const sizes = needed === undefined ? 'it is full' : `the restore takes ${needed} bytes and ${free} are free`;
    super(
      `There is not enough space at ${path}: ${sizes}. A data set is staged beside the old one, so both fit for a while. Free some space, or restore fewer data sets at a time; what was there was left as it was.`,
      { cause },
    );
  }
}

/** The target, or a folder above it, is a mount point: a staged data set cannot be renamed across file systems. */
export class OtherFileSystem extends DrError {
  readonly code = 'restore.target_other_file_system';
  constructor(path: string) {
    super(
      `${path} lies on another file system than its tenant's folder, so a restored data set cannot take its place in one step. Restore under another name, or mount the tenant's folder as a whole.`,
    );
  }
}

/** A writer may be at work on what would be replaced. */
export class TargetLocked extends DrError {
  readonly code = 'restore.target_locked';
  constructor(target: string, lock: string, ageSeconds: number) {
    super(
      `${target} is locked by a writer: ${lock} is ${ageSeconds} s old. Stop the writer and restore again; if you know that nobody writes, restore with force.`,
    );
  }
}

/** Somebody wrote to what would be replaced after the restore was planned. */
export class TargetChanged extends DrError {
  readonly code = 'restore.target_changed';
  constructor(target: string) {
    super(
      `${target} has changed since this restore was planned, and what was written there would be lost. Look at it, then restore again, or restore with force.`,
    );
  }
}

/** Another thing appeared at the target between the two renames. Nothing is removed: somebody must look. */
export class SwapDisturbed extends DrError {
  readonly code = 'restore.swap_disturbed';
  constructor(target: string, old: string) {
    super(
      `Something else appeared at ${target} while the restored data set was taking its place. The data set that was there before is kept at ${old}. Stop what writes there, move the right one into its place, then restore again.`,
    );
  }
}

/** The renames failed; the target is what it was. */
export class SwapFailed extends DrError {
  readonly code = 'restore.swap_failed';
  constructor(target: string, cause: unknown) {
    super(`The restored data set could not take its place at ${target} (${said(cause)}). What was there before is there again.`, { cause });
  }
}

/** The staged data set has structure errors that the backup did not report. */
export class StructureBroken extends DrError {
  readonly code = 'restore.structure_broken';
  constructor(findings: readonly Finding[]) {
    const told = findings.slice(0, 3).map((f) => `${f.format} ${f.code} ${f.path}: ${f.message}`);
    super(`The restored data set does not pass the structure checks, so it was not put in place: ${told.join('; ')}.`);
  }
}

/** What was written does not read back as it was captured: a failing disk, or somebody wrote there meanwhile. */
export class StagedDiffers extends DrError {
  readonly code = 'restore.staged_differs';
  constructor(path: string) {
    super(
      `${path} was restored, but reads back with other bytes than the backup holds. Check the target's disk; the target was left as it was.`,
    );
  }
}

/** Files that a snapshot only pinned and that are nowhere any more, neither in the repository nor at the source. */
export class PinnedGone extends DrError {
  readonly code = 'restore.pinned_gone';
  constructor(dataset: string, { missing, why }: { missing: readonly { path: string; size: number }[]; why: string }) {
    const bytes = missing.reduce((sum, { size }) => sum + size, 0);
    const named = missing.slice(0, NAMED_MAX).map(({ path }) => path);
    const more = missing.length > NAMED_MAX ? ` and ${missing.length - NAMED_MAX} more` : '';
    super(
      `The snapshot only pins ${missing.length} files of ${bytes} bytes of ${dataset} that no other backup holds, and ${why}: ${named.join(', ')}${more}. ` +
        'So this data set was not restored. Restore it from another backup, or what is there of it with paths (--path).',
      { details: { dataset, paths: missing.slice(0, 1_000).map(({ path }) => path), files: missing.length, bytes } },
    );
  }
}

const NAMED_MAX = 20;

/** Globs that select no file of the data set. */
export class PathsMatchNothing extends DrError {
  readonly code = 'restore.paths_match_nothing';
  constructor(dataset: string, paths: readonly string[]) {
    super(
      `No file of ${dataset} matches ${paths.join(', ')}, so nothing was restored. GET /backups/{id}/contents (dr contents) lists its files.`,
    );
  }
}

const said = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause ?? 'the file system is read-only'));

/**
 * What the operating system said about the target, below an error of ours. One that came from a thread has only its words left. What it said
 * to the store of the backups is not about the target.
 */
export function systemCodeOf(error: unknown): string | undefined {
  let at = error as { code?: unknown; message?: unknown; cause?: unknown } | undefined;
  for (let depth = 0; at && depth < 5; depth++) {
    if (typeof at.code === 'string' && /^E[A-Z0-9]+$/.test(at.code)) return at.code;
    if (typeof at.code === 'string' && at.code.startsWith('store.')) return undefined;
    const said = at.code === 'repository.target_failed' ? /\b(ENOSPC|EDQUOT|EROFS|EACCES|EPERM)\b/.exec(String(at.message)) : null;
    if (said) return said[1];
    at = at.cause as typeof at;
  }
  return undefined;
}

/** What a failed write to `place` means. Anything else stays as it is. */
export function targetError(place: string, error: unknown): unknown {
  const code = systemCodeOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return new NoSpace(place, {}, error);
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') return new TargetReadOnly(place, error);
  return error;
}
