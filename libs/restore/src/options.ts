import { matchesGlob } from 'node:path/posix';
import { type DatasetFormat, isWanted } from '@dr/deeplake';

/** What a restore was asked to do with a data set. */
export interface RestoreChoices {
  overwriteExisting: boolean;
  /** Replace a target that is locked, or that changed since the restore was planned. Only with `overwriteExisting`. */
  force: boolean;
  verifyIntegrity: boolean;
  restoreIndexes: boolean;
  restoreMetadata: boolean;
  keepTornHead: boolean;
  /** Globs; empty: everything. A glob that names a folder takes everything below it. */
  paths: readonly string[];
  /** A commit, tag or branch that each data set is cut to. Never with `paths`. */
  version?: string;
  /** RFC 3339: each data set is cut to what it was then. Never with `version` or `paths`. */
  asOf?: string;
}

/** Is a version asked for, or a moment of the history? */
export const isCut = ({ version, asOf }: RestoreChoices): boolean => version !== undefined || asOf !== undefined;

/** Which paths of a data set come back. */
export function wantedPaths(format: DatasetFormat, options: RestoreChoices): (path: string) => boolean {
  const choice = { indexes: options.restoreIndexes, metadata: options.restoreMetadata };
  const { paths } = options;
  return (path) => isWanted(path, format, choice) && (paths.length === 0 || matchesOne(path, paths));
}

function matchesOne(path: string, globs: readonly string[]): boolean {
  const parts = path.split('/');
  const folders = parts.map((_, i) => parts.slice(0, i + 1).join('/'));
  return globs.some((glob) => folders.some((folder) => matchesGlob(folder, glob)));
}
