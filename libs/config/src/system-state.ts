/**
 * Items of `backup.system_state` stand in a backup beside its data sets, under ids that no data set can have: discovery skips `.dr-*`, and nothing is ever
 * restored under such a name.
 */
const PREFIX = '.dr-system_state/';

export const systemStateId = (name: string): string => `${PREFIX}${name}`;

/** The item's name; undefined for the id of a data set. */
export const systemStateName = (id: string): string | undefined => (id.startsWith(PREFIX) ? id.slice(PREFIX.length) : undefined);

/** Whether an id is that of a data set, and not of an item of system state. */
export const isDataset = (id: string): boolean => !id.startsWith(PREFIX);

/** Data sets and items of system state, apart. */
export function withoutSystemState<T>(all: readonly T[], idOf: (one: T) => string): { datasets: T[]; systemState: T[] } {
  const { true: datasets = [], false: systemState = [] } = Object.groupBy(all, (one) => String(isDataset(idOf(one))) as 'true' | 'false');
  return { datasets, systemState };
}
