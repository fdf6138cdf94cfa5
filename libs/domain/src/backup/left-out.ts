import type { MissingDataset } from '../dataset/dataset.ts';
import { listOf, message } from '../schema/composites.ts';
import { oneOf, small, text } from '../schema/scalars.ts';
import { readableOrNothing, type ValueOf } from '../schema/shape.ts';

const reason = oneOf('loose-file', 'symlink', 'special', 'bad-name', 'name-taken', 'unreadable');
export type LeftOutReason = ValueOf<typeof reason>;

export const leftOutPath = message('LeftOutPath', { path: text, reason });
export type LeftOutPath = ValueOf<typeof leftOutPath>;

/**
 * What lay among the data sets when a backup of all of them was asked for, and is in none, so not in the backup. `lost` counts what may well hold data that was meant:
 * a backup that lacks it is partial. `paths`, below the source root, names some, these first.
 */
export const leftOut = message('LeftOut', { total: small, lost: small, paths: listOf(leftOutPath) });
export type LeftOut = ValueOf<typeof leftOut>;

/** Loose files and links are not backed up by design; these could not be. */
const LOST: Readonly<Partial<Record<LeftOutReason, string>>> = {
  'bad-name': 'Its name is not in NFC, not UTF-8 or has control characters, so nothing of it is in any backup. Rename it.',
  'name-taken': 'Another data set has its name: what lies in default/ under a name counts, and this is in no backup. Rename one.',
  unreadable: 'The gateway may not look into it, so whatever it holds is in no backup. Check its permissions.',
};

export const isLost = ({ reason }: LeftOutPath): boolean => LOST[reason] !== undefined;

const PATHS_MAX = 50;
const PATH_LENGTH_MAX = 500;

/** As much of it as an event holds; undefined for nothing. */
export function leftOutOf(all: readonly LeftOutPath[]): LeftOut | undefined {
  if (all.length === 0) return undefined;
  const lost = all.filter(isLost);
  const named = [...lost, ...all.filter((one) => !isLost(one))].slice(0, PATHS_MAX);
  const paths = named.map(({ path, reason }) => ({ path: path.slice(0, PATH_LENGTH_MAX), reason }));
  return { total: all.length, lost: lost.length, paths };
}

/** What a backup lacks of it, in words. */
export function lostIn(given: LeftOut | undefined): MissingDataset[] {
  const named = (given?.paths ?? []).filter(isLost);
  const more = (given?.lost ?? 0) - named.length;
  const missing = named.map(({ path, reason }) => ({ datasetId: path, cause: LOST[reason]! }));
  return more > 0 ? [...missing, { datasetId: `${more} more`, cause: 'In no backup either: GET /datasets names them.' }] : missing;
}

/** What stands in a commit, of whatever writer. */
export const leftOutFrom = (stored: unknown): LeftOut | undefined => readableOrNothing(leftOut, stored);
