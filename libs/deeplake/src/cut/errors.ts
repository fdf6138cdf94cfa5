import { DrError } from '@dr/storage';

const SHOWN_MAX = 5;

/** No version of the data set has that name, or several have. `versions`: names that exist, the nearest first. */
export class VersionUnknown extends DrError {
  readonly code = 'restore.version_unknown';
  readonly versions: readonly string[];
  constructor(name: string, why: string, versions: readonly string[]) {
    const there = versions.length === 0 ? 'It has no version' : `There are ${listed(versions)}`;
    super(`${why} ${JSON.stringify(name)}. ${there}; dr show names branches and tags with their versions.`);
    this.versions = versions;
  }
}

/** The data set cannot be cut to what was asked for: its format keeps no versions, it was never committed, or what the version needs is gone. */
export class CannotCut extends DrError {
  readonly code = 'restore.version_not_possible';
  constructor(why: string) {
    super(`${why} Restore the backup without a version, or choose another backup.`);
  }
}

/** The history does not reach back to the moment. `beginsAtMs`: its first version, where it is known. */
export class NotThatFarBack extends DrError {
  readonly code = 'restore.version_not_reached';
  readonly beginsAtMs: number | undefined;
  constructor(asOfMs: number, beginsAtMs: number | undefined) {
    const begins = beginsAtMs === undefined ? 'it has no committed version' : `its first version is of ${iso(beginsAtMs)}`;
    super(`Its history does not reach back to ${iso(asOfMs)}: ${begins}. Choose a later moment, or a backup from before it.`);
    this.beginsAtMs = beginsAtMs;
  }
}

export const iso = (ms: number): string => new Date(ms).toISOString();

const listed = (names: readonly string[]): string =>
  names.length > SHOWN_MAX ? `${names.slice(0, SHOWN_MAX).join(', ')} and ${names.length - SHOWN_MAX} more` : names.join(', ');
