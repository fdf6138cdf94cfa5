/** What a worker tells of one data set of an operation (or of the whole, for a verification). */
export interface Snapshot {
  dataset_id?: string;
  files: number;
  filesTotal: number;
  bytes: number;
  bytesTotal: number;
}

export interface Reading {
  /** Data sets that were heard of. */
  parts: number;
  objects: number;
  objectsTotal: number;
  bytes: number;
  bytesTotal: number;
  bytesPerSecond: number | null;
  /** Milliseconds since 1970. */
  at: number;
}

const RATE_WINDOW_MS = 10_000;
const SAMPLE_EVERY_MS = 250;

/** Adds up what the workers of one operation tell, and how fast it grows. */
export class Meter {
  private readonly parts = new Map<string, Snapshot>();
  private samples: { at: number; bytes: number }[] = [];
  private at = 0;

  /** @param now milliseconds since 1970 */
  hear(snapshot: Snapshot, now: number): void {
    this.parts.set(snapshot.dataset_id ?? '', snapshot);
    this.at = now;
    const last = this.samples.at(-1);
    if (last && now - last.at < SAMPLE_EVERY_MS) return;
    this.samples.push({ at: now, bytes: this.sum('bytes') });
    this.samples = this.samples.filter((sample) => now - sample.at <= RATE_WINDOW_MS);
  }

  read(now: number): Reading {
    return {
      parts: this.parts.size,
      objects: this.sum('files'),
      objectsTotal: this.sum('filesTotal'),
      bytes: this.sum('bytes'),
      bytesTotal: this.sum('bytesTotal'),
      bytesPerSecond: this.rate(now),
      at: this.at,
    };
  }

  get lastHeardAt(): number {
    return this.at;
  }

  private sum(field: 'files' | 'filesTotal' | 'bytes' | 'bytesTotal'): number {
    return [...this.parts.values()].reduce((total, snapshot) => total + snapshot[field], 0);
  }

  /** A worker that begins again (after a crash) tells less than before: then the rate starts anew. */
  private rate(now: number): number | null {
    const recent = this.samples.filter((sample) => now - sample.at <= RATE_WINDOW_MS);
    const [first, last] = [recent[0], recent.at(-1)];
    if (!first || !last || last.at === first.at || last.bytes < first.bytes) return null;
    return Math.round(((last.bytes - first.bytes) * 1000) / (last.at - first.at));
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** What came over the bus, if it is a snapshot. */
export function snapshotOf(value: unknown): Snapshot | undefined {
  const { dataset_id, files, filesTotal, bytes, bytesTotal } = Object(value) as Record<string, unknown>;
  if (![files, filesTotal, bytes, bytesTotal].every(isCount)) return undefined;
  const counts = { files, filesTotal, bytes, bytesTotal } as Snapshot;
  return typeof dataset_id === 'string' ? { ...counts, dataset_id } : counts;
}
