import type { DatasetReport, Finding, SourceNotes } from '@dr/deeplake';
import type { CapturedTree } from '@dr/repository';

/** One copy of a data set and what its checks say. */
export interface Attempt {
  readonly tree: CapturedTree;
  readonly notes: Readonly<SourceNotes>;
  readonly report: DatasetReport;
}

/**
 * whole: no check found loss. incomplete: parts cannot be read, or an unknown layout never rests, and another try would not help. source-damaged: the same findings twice
 * and nothing was written in between. lasting: v4, and the same findings in spite of everything that was written: its files are written once, so they do
 * not tear. torn: writers did not let any try come out whole.
 */
export type Verdict = 'whole' | 'incomplete' | 'source-damaged' | 'lasting' | 'torn';

export interface Outcome extends Attempt {
  readonly verdict: Verdict;
  readonly tries: number;
}

export interface Attempts {
  readonly attempt: (n: number, earlier: Attempt | undefined) => Promise<Attempt>;
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly now: () => number;
}

/** Waits before the second try and the two after it. Source: DEEPLAKE.md 3.1 step 5. */
const BACKOFF_MS = [500, 1_500, 4_000] as const;
/** A source that was quiet for so long is not between two writes of one flush. */
const QUIET_MS = 10_000;
const QUIET_BACKOFF_MS = 50;

/**
 * Captures until a copy is whole, or another try cannot help. Writers that gave no rest in all rounds of two tries will not do so in a third.
 * @returns the last copy: it is the one to keep.
 */
export async function captureUntilWhole({ attempt, sleep, now }: Attempts): Promise<Outcome> {
  let last = await attempt(1, undefined);
  let lasting = true;
  for (let tries = 1; ; tries++) {
    if (!mayHeal(last)) return { ...last, verdict: isWhole(last) ? 'whole' : 'incomplete', tries };
    const backoff = BACKOFF_MS[tries - 1];
    if (backoff === undefined) return { ...last, verdict: lasting ? 'lasting' : 'torn', tries };
    await sleep(isQuiet(last, now()) ? QUIET_BACKOFF_MS : backoff);
    const next = await attempt(tries + 1, last);
    if (mayHeal(next) && isDamage(last, next)) return { ...next, verdict: 'source-damaged', tries: tries + 1 };
    if (last.notes.unsettled && next.notes.unsettled) return { ...next, verdict: 'torn', tries: tries + 1 };
    lasting &&= next.report.format === 'v4' && sameErrors(last.report, next.report);
    last = next;
  }
}

/**
 * A file that was lost or torn on the way, a rest that was not found, a structure that does not hold: writers can be the cause of all of them. An
 * unknown layout that never rests has got its time cut.
 */
function mayHeal({ tree, notes, report }: Attempt): boolean {
  if (notes.unsettled && report.format === 'opaque') return false;
  return tree.findings.some(({ kind }) => kind !== 'unreadable') || notes.replaced || notes.unsettled !== undefined || !report.intact;
}

function isWhole({ tree, notes }: Attempt): boolean {
  return tree.findings.length === 0 && notes.unreadable.size === 0 && notes.unsettled === undefined;
}

function isQuiet({ notes }: Attempt, nowMs: number): boolean {
  return nowMs - Number(notes.changedAtNs / 1_000_000n) > QUIET_MS;
}

/** Source: DEEPLAKE.md 3.1 step 6. */
function isDamage(before: Attempt, after: Attempt): boolean {
  const quiet = before.notes.unsettled === undefined && after.notes.unsettled === undefined && before.notes.listing === after.notes.listing;
  return quiet && after.tree.findings.every(({ kind }) => kind === 'unreadable') && sameErrors(before.report, after.report);
}

function sameErrors(before: DatasetReport, after: DatasetReport): boolean {
  const errors = ({ findings }: DatasetReport) =>
    findings
      .filter(({ severity }) => severity === 'error')
      .map(keyOf)
      .sort();
  return errors(before).join('\n') === errors(after).join('\n');
}

const keyOf = ({ code, path, message }: Finding): string => `${code} ${path} ${message}`;
