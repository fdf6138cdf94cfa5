import { DrError } from '../dr-error.ts';
import { reason } from '../errors.ts';

/** The source file or folder is not there (any more). */
export class SourceMissing extends DrError {
  readonly code = 'source.missing';
  constructor(path: string) {
    super(`${path} does not exist. If a writer removed it just now, try again; else check DEEPLAKE_STORAGE_LOCATION.`, {
      details: { path },
    });
  }
}

/** A folder, symlink, device, pipe or socket where a regular file was to be read. */
export class SourceNotAFile extends DrError {
  readonly code = 'source.not_a_file';
  constructor(path: string) {
    super(`${path} is not a regular file (links are not followed, devices and pipes are not read), so its content cannot be backed up.`, {
      details: { path },
    });
  }
}

/** The path leads out of the source folder: '..', an absolute path, a symlink on the way, or a folder moved while it was read. */
export class SourceOutside extends DrError {
  readonly code = 'source.outside';
  constructor(path: string, why: string) {
    super(`${path} is refused: ${why}. Only files that lie below the source folder without links on the way are read.`, {
      details: { path },
    });
  }
}

/** The operating system could not read it: permissions, a failing disk, a lost network share. */
export class SourceUnavailable extends DrError {
  readonly code = 'source.unavailable';
  constructor(path: string, cause: unknown) {
    super(`${path} could not be read: ${withoutPath(reason(cause))}. Check permissions and the file system, then run the backup again.`, {
      cause,
      details: { path },
    });
  }
}

/** What the system says names the path once more, at times as it was reached below an open folder, which tells nobody anything. */
const withoutPath = (said: string): string => said.replace(/, [a-z]+ '.*'$/s, '');
