import { FINDINGS_MAX } from '../limits.ts';
import type { Finding, FindingCounts } from './dataset.ts';

const RANK = { error: 0, warning: 1, info: 2 } as const;

export function countFindings(findings: readonly Finding[]): FindingCounts {
  const of = (severity: Finding['severity']) => findings.filter((finding) => finding.severity === severity).length;
  return { error: of('error'), warning: of('warning'), info: of('info') };
}

/** As many as an event may hold, the worst first, otherwise in their order. */
export function mostSevere(findings: readonly Finding[]): readonly Finding[] {
  if (findings.length <= FINDINGS_MAX) return findings;
  return findings.toSorted((a, b) => RANK[a.severity] - RANK[b.severity]).slice(0, FINDINGS_MAX);
}
