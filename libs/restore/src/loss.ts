import type { DatasetFormat, Finding, VersionCut } from '@dr/deeplake';
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

/**
 * The same for a data set that was cut to a version: what the backup lost of others is not missing here. `checked`: what the structure checks say of
 * the result. Losses that the capture itself reported (codes W) count unless the cut leaves their file out.
 */
export function lossOfVersion(
  captured: CommitDataset | undefined,
  format: DatasetFormat,
  { leaveOut }: Pick<VersionCut, 'leaveOut'>,
  checked: readonly Finding[],
): string | undefined {
  const reported = ((captured?.findings ?? []) as Finding[]).filter(({ code, path }) => code.startsWith('W') && !leaveOut.has(path));
  const errors = [...checked, ...reported].filter(({ severity }) => severity === 'error');
  return errors.length === 0 ? undefined : `The backup holds this version with loss: ${causeOf(errors, format)}`;
}

function causeOf(findings: readonly Finding[], format: DatasetFormat): string {
  const errors = findings.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  if (!first) return 'see the findings of the backup.';
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return `${first.format ?? format} ${first.code}${first.path === '' ? '' : ` in ${first.path}`}: ${first.message}${more}.`;
}
