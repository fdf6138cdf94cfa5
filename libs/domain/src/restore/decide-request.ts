import { Refused, WrongState } from '../errors.ts';
import { sameValue } from '../log/canonical-json.ts';
import { assertFits, assertSelection, firstRepeated } from '../selection.ts';
import type { RequestRestore } from './commands.ts';
import type { RestoreDataset, RestoreEvent, RestoreRequested } from './events.ts';
import type { RestoreState } from './state.ts';

export function request(state: RestoreState, { kind: _, ...data }: RequestRestore): readonly RestoreEvent[] {
  if (state.status !== 'absent') {
    if (sameValue(state.request, data)) return [];
    throw new WrongState('restore_exists', `Cannot request restore ${data.restoreId}: the id belongs to another request. Take a new id.`);
  }
  assertSelection('restore', data.datasets);
  assertTargets(data);
  assertOptions(data);
  assertFits('restore', data);
  return [{ type: 'RestoreRequested', data }];
}

/** Two data sets cannot take the same place, and a place inside another one would be swapped away with it. */
function assertTargets({ datasets, targetTenant }: RestoreRequested): void {
  const targets = datasets.map((dataset) => dataset.to);
  const twice = firstRepeated(targets) ?? innerOf(targets) ?? lookalikeOf(datasets);
  if (twice === undefined) return;
  throw new Refused(
    'restore.mapping_conflict',
    `The restore was not started: two data sets would be put at ${targetTenant}/${twice}. Map one of them to another name (dataset_mapping).`,
  );
}

/**
 * A target that is another one when case is ignored, as many file systems do. Two sets that keep the names they had side by side at the
 * source are left alone: they come from a file system that tells them apart.
 */
function lookalikeOf(datasets: readonly RestoreDataset[]): string | undefined {
  const folded = (name: string): string => name.normalize('NFC').toLowerCase();
  const byName = Map.groupBy(datasets, ({ to }) => folded(to));
  return [...byName.values()].find((alike) => alike.length > 1 && alike.some(({ from, to }) => from !== to))?.[1]?.to;
}

/** A target that lies inside another target. */
function innerOf(targets: readonly string[]): string | undefined {
  const all = new Set(targets);
  const parents = (path: string): string[] => path.split('/').map((_, i, parts) => parts.slice(0, i).join('/'));
  return targets.find((target) => parents(target).some((parent) => all.has(parent)));
}

/** Options that some of the selected data sets cannot honour are refused, never ignored. */
function assertOptions({ datasets, options }: RestoreRequested): void {
  const v4 = datasets.find((dataset) => dataset.format === 'v4');
  if (!options.restoreIndexes && v4) {
    throw unsupported(
      `restore_indexes = false cannot be honoured for ${v4.from}: the logs of a v4 data set name its index files. Leave it true.`,
    );
  }
  if (options.force && !options.overwriteExisting) {
    throw unsupported('`force` says how a data set is replaced, so it takes overwrite_existing too.');
  }
  assertVersion(datasets, options);
  if (options.paths.length > 0 && options.overwriteExisting) {
    throw unsupported(
      '`paths` goes only into a new data set, so it cannot be combined with overwrite_existing. Map the data set to a new name.',
    );
  }
}

/** Going back to a version of the history takes the whole data set, and a format that has versions. */
function assertVersion(datasets: readonly RestoreDataset[], { version, asOf, paths }: RestoreRequested['options']): void {
  if (version === undefined && asOf === undefined) return;
  const asked = version === undefined ? 'as_of' : 'version';
  if (version !== undefined && asOf !== undefined)
    throw unsupported('`version` and `as_of` both say what to go back to. Give one of them.');
  if (paths.length > 0) throw unsupported(`\`paths\` takes files as they were captured, so it cannot be combined with ${asked}.`);
  const opaque = datasets.find(({ format }) => format === 'opaque');
  if (!opaque) return;
  throw unsupported(
    `${opaque.from} has a layout without versions that are known to us, so ${asked} cannot be honoured. Leave it out (dataset_ids).`,
  );
}

const unsupported = (why: string): Refused => new Refused('restore.option_not_supported', `The restore was not started: ${why}`);
