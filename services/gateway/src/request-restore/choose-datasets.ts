import { isDatasetId } from '@dr/deeplake';
import { lostIn, type MissingDataset, type RestoreDataset } from '@dr/domain';
import type { BackupView } from '../catalog-client.ts';
import { type FieldProblem, HttpProblem } from '../http/problem.ts';
import type { RequestRestoreBody } from './request-restore.schema.ts';

/** Data sets that a restore of the whole backup should bring back and cannot: the backup does not hold them. */
export function lackingIn(backup: BackupView, { dataset_ids }: Wish): MissingDataset[] {
  if (dataset_ids !== undefined) return [];
  const missing = backup.datasets.filter(({ root }) => root === undefined);
  const lacking = missing.map(({ dataset_id, status, error_message }) => ({ datasetId: dataset_id, cause: error_message ?? status }));
  return [...lacking, ...lostIn(backup.left_out ?? undefined)];
}

type Wish = Pick<RequestRestoreBody, 'dataset_ids' | 'dataset_mapping'>;

/**
 * The data sets of a backup that a restore takes, each with its place. Everything that was named must be honoured: an id or a mapping that
 * would come to nothing is refused, and so is a target that is no data set id, before anybody looks at the disk.
 * @throws HttpProblem 409 `backup.not_restorable`, 422 `restore.bad_target`, `restore.not_in_backup`, `restore.mapping_not_selected`
 */
export function chooseDatasets(backup: BackupView, wish: Wish): RestoreDataset[] {
  refuseUnsealed(backup);
  refuseBadTargets(wish);
  const held = backup.datasets.filter((d) => d.root !== undefined);
  const known = new Set(held.map((d) => d.dataset_id));
  refuseUnknown(backup, known, wish);
  const wanted = new Set(wish.dataset_ids ?? known);
  refuseUnselected(wanted, wish);
  const datasets = held.filter((d) => wanted.has(d.dataset_id));
  return datasets.map(({ dataset_id: from, format, root }, i) => ({ n: i + 1, from, to: targetOf(wish, from), format, root: root! }));
}

/** Own properties only: `constructor` is a fine name for a data set. */
const targetOf = ({ dataset_mapping: mapping = {} }: Wish, from: string): string => (Object.hasOwn(mapping, from) ? mapping[from]! : from);

function refuseUnsealed({ backup_id, status }: BackupView): void {
  if (status === 'completed' || status === 'partial') return;
  throw new HttpProblem(409, 'backup.not_restorable', `Backup ${backup_id} is ${status}; only a sealed backup can be restored.`);
}

function refuseBadTargets({ dataset_mapping = {} }: Wish): void {
  const bad = Object.entries(dataset_mapping).filter(([, to]) => !isDatasetId(to));
  if (bad.length === 0) return;
  const detail = `${bad.map(([, to]) => JSON.stringify(to)).join(', ')} cannot be a data set's id; nothing was restored.`;
  throw new HttpProblem(422, 'restore.bad_target', detail, { errors: bad.map(([from]) => atMapping(from, 'is not the id of a data set')) });
}

function refuseUnknown({ backup_id }: BackupView, known: ReadonlySet<string>, { dataset_ids = [], dataset_mapping = {} }: Wish): void {
  const unknown = [...new Set([...dataset_ids, ...Object.keys(dataset_mapping)])].filter((id) => !known.has(id));
  if (unknown.length === 0) return;
  throw new HttpProblem(422, 'restore.not_in_backup', `Backup ${backup_id} does not hold ${unknown.join(', ')}; nothing was restored.`);
}

function refuseUnselected(wanted: ReadonlySet<string>, { dataset_mapping = {} }: Wish): void {
  const idle = Object.keys(dataset_mapping).filter((from) => !wanted.has(from));
  if (idle.length === 0) return;
  const detail = `dataset_mapping names ${idle.join(', ')}, which dataset_ids leaves out; nothing was restored. Name the data set in both, or in neither.`;
  throw new HttpProblem(422, 'restore.mapping_not_selected', detail, {
    errors: idle.map((from) => atMapping(from, 'is not among dataset_ids')),
  });
}

/** RFC 6901: `~` and `/` of a name are escaped in a pointer. */
const atMapping = (from: string, message: string): FieldProblem => ({
  pointer: `/dataset_mapping/${from.replaceAll('~', '~0').replaceAll('/', '~1')}`,
  message,
});
