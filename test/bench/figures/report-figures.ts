import type { ListFigure } from './list.ts';
import type { ServiceFigures } from './service-figures.ts';

/** One line of the report: what is measured, what came out, and what is wanted of it. */
export interface FigureLine {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly target?: { readonly is: 'at least' | 'at most'; readonly value: number };
}

const atLeast = (value: number) => ({ is: 'at least' as const, value });
const atMost = (value: number) => ({ is: 'at most' as const, value });

export function figureLines({ append, relay, rebuild, unchanged, lists = [], loss }: ServiceFigures): FigureLine[] {
  const lines: FigureLine[] = [];
  const add = (what: string, value: number, unit: string, target?: FigureLine['target']) =>
    lines.push({ what, value, unit, ...(target && { target }) });
  if (append) {
    add('append, 16 writers', append.events_per_second, 'events/s', atLeast(5_000));
    add('append, 99 of 100 within', append.p99_ms, 'ms');
  }
  if (relay) {
    add('relay lag at events/s', relay.events_per_second, 'events/s');
    add('relay lag, median', relay.p50_ms, 'ms');
    add('relay lag, 99 of 100 within', relay.p99_ms, 'ms', atMost(100));
  }
  if (rebuild) add(`rebuild of the views, ${rebuild.events} events`, rebuild.events_per_second, 'events/s', atLeast(20_000));
  if (unchanged) {
    add('unchanged backup, median', unchanged.p50_ms, 'ms', atMost(300));
    add('unchanged backup, 99 of 100 within', unchanged.p99_ms, 'ms');
  }
  for (const { backups, catalog, http } of lists) {
    const target = atMost(20);
    add(`lists of ${backups} backups, slowest filter (${slowest(catalog).filter}), 99 of 100`, slowest(catalog).p99_ms, 'ms', target);
    add(`the same over HTTP (${slowest(http).filter})`, slowest(http).p99_ms, 'ms', target);
  }
  if (loss) add(`total loss of ${loss.backups} backups, empty house to whole catalog`, loss.seconds, 's', atMost(60));
  return lines;
}

const slowest = (figures: readonly ListFigure[]): ListFigure => figures.reduce((a, b) => (b.p99_ms > a.p99_ms ? b : a));

const isMet = ({ value, target }: FigureLine): boolean =>
  target === undefined || (target.is === 'at least' ? value >= target.value : value <= target.value);

/** A Markdown table. */
export function figureTable(lines: readonly FigureLine[]): string {
  const rows = lines.map((line) => [
    line.what,
    `${line.value < 100 ? line.value.toFixed(1) : String(Math.round(line.value))} ${line.unit}`,
    line.target ? `${line.target.is} ${line.target.value} ${line.unit}` : '',
    line.target ? (isMet(line) ? 'yes' : 'no') : '',
  ]);
  const all = [['Services', 'measured', 'wanted', 'met'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column]!.length)));
  const text = (row: string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [text(all[0]!), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(text)].join('\n');
}
