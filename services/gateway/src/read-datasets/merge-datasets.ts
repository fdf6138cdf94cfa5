import type { DatasetRef, Unprotected } from '@dr/deeplake';
import { comparePlaces } from './place.ts';
import type { Dataset, UnprotectedPath } from './read-datasets.schema.ts';

/** A data set as the catalog knows it from backups. */
export type KnownDataset = Pick<Dataset, 'tenant_id' | 'dataset_id' | 'format' | 'last_good'>;

/** What lies at the source and what backups know, as one list in order. `now` in milliseconds. */
export function mergeDatasets(present: readonly DatasetRef[], known: readonly KnownDataset[], now: number): Dataset[] {
  const merged = new Map<string, Dataset>();
  for (const item of known) merged.set(keyOf(item), { ...item, present: false, ...protection(item.last_good, now) });
  for (const { tenant, datasetId, format } of present) {
    const place = { tenant_id: tenant, dataset_id: datasetId };
    const last_good = merged.get(keyOf(place))?.last_good ?? null;
    merged.set(keyOf(place), { ...place, format, last_good, present: true, ...protection(last_good, now) });
  }
  return [...merged.values()].sort(comparePlaces);
}

const keyOf = ({ tenant_id, dataset_id }: Pick<Dataset, 'tenant_id' | 'dataset_id'>): string => JSON.stringify([tenant_id, dataset_id]);

/** A clock that was set back must not give a negative age. */
function protection(good: Dataset['last_good'], now: number): Pick<Dataset, 'protected' | 'rpo_age_seconds'> {
  if (good === null) return { protected: false, rpo_age_seconds: null };
  return { protected: true, rpo_age_seconds: Math.max(0, Math.floor((now - Date.parse(good.at)) / 1000)) };
}

const WHY: Record<Unprotected['reason'], string> = {
  'loose-file': 'A file beside the data sets belongs to none of them. Move it into a folder of its own.',
  symlink: 'Links are not followed. Put the data set itself here.',
  special: 'It is neither a file nor a folder.',
  'bad-name': 'Its name would not survive a move to another system (control characters, not NFC, or reserved). Rename the folder.',
  'name-taken': 'The folder `default` holds a data set of the same name, and only that one is protected. Rename one of them.',
  unreadable: 'The folder may not be read by this service, so nobody knows whether it holds data sets. Give it the permission.',
};

export const unprotectedShown = ({ tenant, path, reason }: Unprotected): UnprotectedPath => ({
  tenant_id: tenant ?? null,
  path,
  reason,
  message: WHY[reason],
});
