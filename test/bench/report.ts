import type { Contestant } from './contestant.ts';
import type { Sample } from './sequence.ts';

export const OURS = 'tributary';

/** Medians over the rounds of one contestant's step. */
export interface Figure {
  readonly contestant: string;
  readonly step: string;
  readonly seconds: number;
  readonly cpuSeconds?: number;
  readonly peakBytes?: number;
  readonly repositoryBytes: number;
  /** Every round's seconds, in order. */
  readonly rounds: readonly number[];
}

/** Ours divided by the best peer's: below 1 is better than every peer. */
export interface Ratio {
  readonly step: string;
  readonly seconds?: number;
  readonly cpuSeconds?: number;
  readonly peakBytes?: number;
  readonly repositoryBytes?: number;
}

export function figuresOf(samples: readonly Sample[]): Figure[] {
  const groups = Map.groupBy(samples, ({ contestant, step }) => `${contestant}\n${step}`);
  return [...groups.values()].map((group) => ({
    contestant: group[0]!.contestant,
    step: group[0]!.step,
    seconds: median(group.map(({ seconds }) => seconds))!,
    cpuSeconds: median(group.map(({ cpuSeconds }) => cpuSeconds)),
    peakBytes: median(group.map(({ peakBytes }) => peakBytes)),
    repositoryBytes: median(group.map(({ repositoryBytes }) => repositoryBytes))!,
    rounds: group.map(({ seconds }) => seconds),
  }));
}

const MEASURES = ['seconds', 'cpuSeconds', 'peakBytes', 'repositoryBytes'] as const;
type Measure = (typeof MEASURES)[number];

export function ratiosOf(figures: readonly Figure[]): Ratio[] {
  const steps = [...new Set(figures.map(({ step }) => step))];
  return steps.map((step) => {
    const here = figures.filter((figure) => figure.step === step);
    return { step, ...Object.fromEntries(MEASURES.map((measure) => [measure, ratio(here, measure)])) };
  });
}

function ratio(figures: readonly Figure[], measure: Measure): number | undefined {
  const ours = figures.find(({ contestant }) => contestant === OURS)?.[measure];
  const peers = figures.flatMap((figure) => (figure.contestant === OURS || figure[measure] === undefined ? [] : [figure[measure]]));
  return ours === undefined || peers.length === 0 ? undefined : ours / Math.min(...peers);
}

const TITLES: Readonly<Record<Measure, string>> = {
  seconds: 'Seconds',
  cpuSeconds: 'CPU seconds',
  peakBytes: 'Peak memory, MB',
  repositoryBytes: 'Repository, MB',
};

/** Tables in Markdown: one per measure, a row per contestant, a column per step, and our ratio to the best peer below. */
export function tables(figures: readonly Figure[], contestants: readonly Contestant[], service?: Readonly<Record<string, number>>): string {
  const steps = [...new Set(figures.map(({ step }) => step))];
  const ratios = ratiosOf(figures);
  const table = (measure: Measure): string => {
    const rows = contestants.map(({ name, version }) => [
      `${name} ${version}`.trim(),
      ...steps.map((step) => shown(measure, figures.find((figure) => figure.contestant === name && figure.step === step)?.[measure])),
    ]);
    if (measure === 'seconds' && service) rows.push(['through the service', ...steps.map((step) => shown('seconds', service[step]))]);
    const last = ['ours / best peer', ...ratios.map((one) => (one[measure] === undefined ? '' : one[measure].toFixed(2)))];
    return markdown([TITLES[measure], ...steps], [...rows, last]);
  };
  return MEASURES.map(table).join('\n\n');
}

function shown(measure: Measure, value: number | undefined): string {
  if (value === undefined) return '-';
  return measure.endsWith('Bytes') ? (value / 1e6).toFixed(1) : value.toFixed(2);
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, i) => pad(cell, widths[i]!, i)).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

const pad = (cell: string, width: number, column: number): string => (column === 0 ? cell.padEnd(width) : cell.padStart(width));

function median(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  return known[Math.floor((known.length - 1) / 2)];
}
