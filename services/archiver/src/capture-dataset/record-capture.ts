import type { SkipReason } from '@dr/deeplake';
import { type DatasetRef, FINDINGS_MAX, type Finding, type RecordCaptured } from '@dr/domain';
import type { Outcome } from './attempts.ts';

/** What the log keeps of a capture: what was copied, what the copy holds, and everything that was found on the way. */
export function recordOf(backupId: string, { n, datasetId }: DatasetRef, outcome: Outcome, lost: readonly Finding[]): RecordCaptured {
  const { tree, report } = outcome;
  const ours = [...lost, ...copyFindings(outcome)];
  const errors = ours.filter(({ severity }) => severity === 'error').length;
  const { branches, tags, rows, headVersion, findingCounts } = report;
  return {
    kind: 'recordCaptured',
    backupId,
    n,
    datasetId,
    format: report.format,
    root: tree.root,
    objects: tree.objects,
    bytes: tree.bytes,
    newBytes: tree.newBytes,
    storedBytes: tree.storedBytes,
    branches: branches.map(({ name, id, headVersion, rows }) => ({ name, id, headVersion, rows })),
    tags: tags.map(({ name, branch, version, rows }) => ({ name, branch, version, rows })),
    rows,
    findings: [...ours, ...report.findings.map((finding) => explained(finding, outcome))].slice(0, FINDINGS_MAX),
    findingCounts: { ...findingCounts, error: findingCounts.error + errors, info: findingCounts.info + ours.length - errors },
    ...(headVersion !== undefined && { headVersion }),
  };
}

/** Codes W are ours. A capture that lost or tore a file is not intact. */
function copyFindings({ tree, notes, report: { format } }: Outcome): Finding[] {
  const finding = (code: string, path: string, message: string, severity: Finding['severity'] = 'error'): Finding => ({
    format,
    code,
    severity,
    path,
    message,
  });
  const findings = [...notes.unreadable].map(([path, message]) => finding('W1', path, `not captured, nor what lies below it: ${message}`));
  findings.push(...tree.findings.map(({ path, kind, message }) => finding('W1', path, `${kind}: ${message}`)));
  for (const [path, reason] of notes.skipped) if (LOST[reason]) findings.push(finding('W1', path, LOST[reason]));
  if (notes.replaced) findings.push(finding('W4', '', 'the data set was removed or made anew while it was copied'));
  if (notes.unsettled) findings.push(finding('W4', '', neverAtRest(notes.unsettled)));
  if (tree.pinned.objects > 0) findings.push(finding('W6', '', onlyPinned(tree.pinned), 'info'));
  if (notes.cut > 0) findings.push(finding('W5', '', `${notes.cut} files that appeared during the copy were left out`, 'info'));
  return findings;
}

const onlyPinned = ({ objects, bytes }: Outcome['tree']['pinned']): string =>
  `${objects} files of ${bytes} bytes are only pinned by identity: this snapshot does not hold their bytes. Promote it to keep them.`;

function neverAtRest({ rounds, entries, paths }: NonNullable<Outcome['notes']['unsettled']>): string {
  return (
    `no instant was found at which nothing was written: after ${rounds} rounds ${entries} files had changed again (${paths.join(', ')}), ` +
    'so the copy may mix several moments. Pause the writers for a backup, or let them rest a second between flushes.'
  );
}

/** Says of an error of the copy whether it is one of the source. */
function explained({ format, code, severity, path, message }: Finding, { verdict, tries }: Outcome): Finding {
  const cause = severity === 'error' ? CAUSES[verdict] : undefined;
  return { format, code, severity, path, message: cause ? `${message}; ${cause(tries)}` : message };
}

const CAUSES: Readonly<Partial<Record<Outcome['verdict'], (tries: number) => string>>> = {
  'source-damaged': () => 'the source itself is damaged: it was found twice, and nothing was written in between',
  lasting: (tries) => `the source itself is damaged: it was found in each of ${tries} tries, and v4 writes its files once`,
  torn: (tries) => `the source was written while it was copied, in each of ${tries} tries`,
};

/** What a plan leaves out although it may be data; everything else that it skips is written anew or worth nothing. */
const LOST: Readonly<Partial<Record<SkipReason, string>>> = {
  'bad-name': 'not captured: its name is not valid UTF-8, so it could not be restored under the same name. Rename it.',
  'bad-target': 'not captured: the link leads to a name that is not valid UTF-8, so it could not be restored as it is. Make it anew.',
  special: 'not captured: it is a device, a pipe or a socket.',
};
