import type { DatasetFormat, Finding } from '@dr/deeplake';
import type { CommitDataset } from '@dr/repository';
import type { RestoreChoices } from './options.ts';

/**
 * What a restored data set lacks of the one that was at the source; undefined when it is whole. A set that the backup holds with loss is
 * never told as whole, repaired or not; files that were left out by an option that names them are no loss.
 */
export function lossOf(
  captured: CommitDataset | undefined,
  format: DatasetFormat,
  { paths }: Pick<RestoreChoices, 'paths'>,
  notes: readonly Finding[],
): string | undefined {
  if (paths.length > 0) return `Only the paths ${paths.slice(0, 5).join(', ')} were restored${paths.length > 5 ? ' (and more)' : ''}.`;
  if (captured === undefined || captured.status === 'completed') return undefined;
  const [repair] = notes.filter(({ severity }) => severity !== 'info');
  return `The backup holds this data set with loss: ${causeOf((captured.findings ?? []) as Finding[], format)}${repair ? ` ${repair.message}` : ''}`;
}

function causeOf(findings: readonly Finding[], format: DatasetFormat): string {
  const errors = findings.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  if (!first) return 'see the findings of the backup.';
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return `${first.format ?? format} ${first.code}${first.path === '' ? '' : ` in ${first.path}`}: ${first.message}${more}.`;
}
