/** One step at one size. */
export interface Point {
  /** Objects of the data set, or backups of the repository. */
  readonly size: number;
  readonly step: string;
  readonly seconds: number;
  readonly cpuSeconds?: number;
  readonly peakBytes?: number;
}

/** How CPU time (else time) grows from one size to the next: 1 = in proportion, 2 = with the square, 0 = not at all. Undefined below two sizes. */
export function growthOf(points: readonly Point[]): number | undefined {
  const [last, before] = [points.at(-1), points.at(-2)];
  if (!last || !before) return undefined;
  return Math.log(costOf(last) / costOf(before)) / Math.log(last.size / before.size);
}

const costOf = ({ seconds, cpuSeconds }: Point): number => Math.max(cpuSeconds ?? seconds, 0.01);

/** A table in Markdown: a row per step, for each size seconds, CPU seconds and peak memory in MB; then how it grows at the end. */
export function curveTable(points: readonly Point[], unit: string): string {
  const sizes = [...new Set(points.map(({ size }) => size))].sort((a, b) => a - b);
  const head = ['', ...sizes.map((size) => `${size.toLocaleString('en')} ${unit}`), 'growth'];
  const rows = [...Map.groupBy(points, ({ step }) => step)].map(([step, ofStep]) => {
    const bySize = ofStep.toSorted((a, b) => a.size - b.size);
    const cells = sizes.map((size) => cellOf(bySize.find((point) => point.size === size)));
    return [step, ...cells, growthOf(bySize)?.toFixed(2) ?? ''];
  });
  return [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function cellOf(point: Point | undefined): string {
  if (!point) return '';
  const { seconds, cpuSeconds, peakBytes } = point;
  const cpu = cpuSeconds === undefined ? '' : `, ${cpuSeconds.toFixed(2)} CPU`;
  const peak = peakBytes === undefined ? '' : `, ${Math.round(peakBytes / 1e6)} MB`;
  return `${seconds.toFixed(2)} s${cpu}${peak}`;
}
