import { IMPORT_EVENTS_MAX, ImportConflict, importEvents, type LogHead, placeOf, type Queryable, streamVersions } from '@dr/event-store';
import { chainedAll, type LogArchive, type LogPart, type ReadLogSegment } from '@dr/repository';
import type { DataSource } from 'typeorm';

export interface ImportedLog {
  /** Where the log ends now. */
  readonly end: LogHead;
  /** The last position that the copy and the log have in common; less than `end` when events went to other positions. */
  readonly common: LogHead;
  /** What could not be read, in the order of the positions. */
  readonly breaks: readonly Extract<LogPart, { kind: 'break' }>[];
  /** Events from behind the first break that were taken over at other positions, and events whose streams have a gap there. */
  readonly salvaged: number;
  readonly skipped: number;
  /** The database holds other events in the place of some: what comes behind `common` was left where it is. */
  readonly conflict: boolean;
}

/** Bytes of one call. */
const BATCH_BYTES = 8 * 1024 ** 2;

/**
 * Takes the events behind a position out of the repository, with the positions, ids and hashes that they had. Where segments are lost or
 * damaged, what comes behind is taken over as far as its streams have no gap, at other positions: the chain is broken there, and the caller
 * begins a new epoch. That part is one transaction, so that it is done from its beginning again or not at all. A kill at any moment leaves the log valid and shorter; the next comparison goes on from there.
 */
export async function importLog(
  database: DataSource,
  copy: LogArchive,
  after: LogHead,
  told: (position: number) => void,
): Promise<ImportedLog> {
  const importer = new Importer(database, after, told);
  const parts = copy.parts(after.position);
  try {
    if (await importer.untilBreak(parts)) await database.transaction((tx) => importer.salvage(tx, parts));
  } catch (error) {
    if (!(error instanceof ImportConflict)) throw error;
    return importer.result(true);
  }
  return importer.result(false);
}

class Importer {
  private on: Queryable;
  private readonly told: (position: number) => void;
  private readonly breaks: Extract<LogPart, { kind: 'break' }>[] = [];
  private end: LogHead;
  private common: LogHead;
  private bodies: Uint8Array[] = [];
  private bytes = 0;
  private salvaged = 0;
  private skipped = 0;

  constructor(on: Queryable, after: LogHead, told: (position: number) => void) {
    this.on = on;
    this.told = told;
    this.end = after;
    this.common = after;
  }

  /** Takes parts up to the first break. @returns whether there is one */
  async untilBreak(parts: AsyncGenerator<LogPart>): Promise<boolean> {
    for (let next = await parts.next(); !next.done; next = await parts.next()) {
      if (next.value.kind === 'break') {
        await this.flush();
        this.breaks.push(next.value);
        return true;
      }
      await this.takeEvents(next.value.segment);
    }
    await this.flush();
    return false;
  }

  async salvage(tx: Queryable, parts: AsyncGenerator<LogPart>): Promise<void> {
    this.on = tx;
    for await (const part of parts) {
      if (part.kind === 'break') this.breaks.push(part);
      else await this.takeEvents(part.segment);
    }
    await this.flush();
  }

  private async takeEvents({ bodies }: ReadLogSegment): Promise<void> {
    for (const body of bodies) {
      if (this.bodies.length === IMPORT_EVENTS_MAX || this.bytes > BATCH_BYTES) await this.flush();
      this.bodies.push(body);
      this.bytes += body.length;
    }
  }

  private async flush(): Promise<void> {
    const isWhole = this.breaks.length === 0;
    const bodies = isWhole ? this.bodies : await this.withoutGaps();
    [this.bodies, this.bytes] = [[], 0];
    if (bodies.length === 0) return;
    const hash = isWhole ? chainedAll(this.end.hash, bodies) : undefined;
    this.end = await importEvents(this.on, { after: this.end.position, bodies, hash });
    if (isWhole) this.common = this.end;
    else this.salvaged += bodies.length;
    this.told(this.end.position);
  }

  /** Of the bodies in hand, those whose stream is there up to the version before. */
  private async withoutGaps(): Promise<Uint8Array[]> {
    const places = this.bodies.map(placeOf);
    const versions = await streamVersions(this.on, [...new Set(places.map(({ stream }) => stream))]);
    const kept = this.bodies.filter((_, i) => {
      const { stream, version } = places[i]!;
      if (version !== (versions.get(stream) ?? 0) + 1) return false;
      versions.set(stream, version);
      return true;
    });
    this.skipped += this.bodies.length - kept.length;
    return kept;
  }

  result(conflict: boolean): ImportedLog {
    const { end, common, breaks, salvaged, skipped } = this;
    return { end, common, breaks, salvaged, skipped, conflict };
  }
}
