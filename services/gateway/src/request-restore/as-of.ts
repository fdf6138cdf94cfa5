import type { Unreached } from '@dr/deeplake';
import type { BackupView } from '../catalog-client.ts';
import type { FoundBackup } from '../find-backup/find-as-of.ts';
import type { WantedBackup } from '../find-backup/find-backup.ts';
import { HttpProblem } from '../http/problem.ts';

/** The backup as if it did not hold some data sets: those that did not exist at the moment that is asked for. */
export function withoutSets(backup: BackupView, without: readonly Unreached[]): BackupView {
  const gone = new Set(without.map(({ datasetId }) => datasetId));
  return gone.size === 0 ? backup : { ...backup, datasets: backup.datasets.filter(({ dataset_id }) => !gone.has(dataset_id)) };
}

/** What the choice of the backup means for what is restored. */
export function asOfWarnings({ backup, asOf, without = [] }: FoundBackup, wanted: WantedBackup): string[] {
  if (wanted.asOf === undefined) return [];
  const { backup_id, timestamp } = backup;
  if (asOf === undefined) {
    return [
      `No backup from after ${wanted.asOf} gives these data sets as they were then, so ${backup_id} of ${timestamp} is taken as it was captured: what was written after it is not in it.`,
    ];
  }
  const gone = without.map(({ datasetId }) => datasetId).join(', ');
  const cut = `${backup_id} of ${timestamp} is cut to ${asOf}. What was not committed by then, and in v3 all that was never committed, is left out.`;
  return gone === '' ? [cut] : [cut, `${gone}: did not exist then, so far as the backups tell, and is left out.`];
}

export const bothVersionAndMoment = (): HttpProblem =>
  new HttpProblem(
    422,
    'restore.option_not_supported',
    '`version` and `as_of` both say what to go back to; nothing was restored. Give one of them.',
  );
