import { FINDINGS_BYTES_MAX, FINDINGS_MAX } from '../limits.ts';
import { canonicalJson } from '../log/canonical-json.ts';
import type { Finding, FindingCounts } from './dataset.ts';

const RANK = { error: 0, warning: 1, info: 2 } as const;

export function countFindings(findings: readonly Finding[]): FindingCounts {
  const of = (severity: Finding['severity']) => findings.filter((finding) => finding.severity === severity).length;
  return { error: of('error'), warning: of('warning'), info: of('info') };
}

/** As many as an event may hold, the worst first, otherwise in their order. */
export const mostSevere = (findings: readonly Finding[]): readonly Finding[] =>
  fitting(findings.toSorted((a, b) => RANK[a.severity] - RANK[b.severity]));

/** The first of them, within FINDINGS_MAX and FINDINGS_BYTES_MAX. */
export function fitting<T>(findings: readonly T[]): readonly T[] {
  let bytes = 0;
  const end = findings.slice(0, FINDINGS_MAX).findIndex((finding) => {
    bytes += Buffer.byteLength(canonicalJson(finding));
    return bytes > FINDINGS_BYTES_MAX;
  });
  return findings.slice(0, end < 0 ? FINDINGS_MAX : end);
}

/** Why a data set is not whole, in one sentence: its first error, and how many more there are. */
export function causeOf(findings: readonly Finding[], errors = countFindings(findings).error): string | undefined {
  const first = findings.find((finding) => finding.severity === 'error');
  if (first === undefined) return errors > 0 ? `${errors} errors were found.` : undefined;
  const where = first.path === '' ? '' : ` in ${first.path}`;
  return `${first.format} ${first.code}${where}: ${first.message}${errors > 1 ? ` (and ${errors - 1} more)` : ''}`;
}
