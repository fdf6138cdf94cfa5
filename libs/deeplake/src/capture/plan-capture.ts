import type { SourceFile, SourceFolder } from '@dr/storage';
import { detectFormat } from '../discovery/layout.ts';
import { PlanAlreadyRead } from '../errors.ts';
import type { DatasetFormat } from '../finding.ts';
import { fixed, PIECE_BYTES } from './chunkers.ts';
import { planV3 } from './plan-v3.ts';
import { planV4 } from './plan-v4.ts';
import { BARRIER, type CapturePlan, type PlannedFile, type SkippedFile } from './planned-file.ts';
import { toPlanned } from './to-planned.ts';

export interface PlanOptions {
  /** Milliseconds; decides which orphans are young enough to belong to a running transaction. */
  readonly now: () => number;
  /** When known from discovery; else it is detected. */
  readonly format?: DatasetFormat;
  /** How to wait for a log file that is being written; tests pass one that does not. */
  readonly sleep?: (ms: number) => Promise<void>;
}

/**
 * What a capture of a data set copies, in the order that is safe while writers run, with the chunker of each file. Folders and symlinks (as
 * links) are listed too. Reads logs and chunk headers of the source, never data. `files` rejects as SourceFolder does when a folder vanishes.
 * Source: DEEPLAKE.md section 3.1, DEEPLAKE_V4.md section 7.1, CONTRACT section 4.
 */
export async function planCapture(folder: SourceFolder, options: PlanOptions): Promise<CapturePlan> {
  const format = options.format ?? (await detectFormat(folder));
  const skipped: SkippedFile[] = [];
  const plans = {
    v3: () => planV3(folder, skipped),
    v4: () => planV4(folder, skipped, options),
    opaque: () => planOpaque(folder, skipped),
  };
  return { format, skipped, files: once(plans[format]) };
}

async function* planOpaque(folder: SourceFolder, skipped: SkippedFile[]): AsyncIterable<PlannedFile[]> {
  for await (const page of folder.list()) yield page.flatMap((file: SourceFile) => toPlanned(file, fixed(PIECE_BYTES), skipped));
}

/** A second reading would repeat the listing but not the moment, so it is refused. */
function once(start: () => AsyncIterable<PlannedFile[]>): AsyncIterable<PlannedFile[]> {
  let read = false;
  return {
    [Symbol.asyncIterator]() {
      if (read) throw new PlanAlreadyRead();
      read = true;
      return filled(start())[Symbol.asyncIterator]();
    },
  };
}

/** Pages that lost all their files to filters would look like barriers. */
async function* filled(pages: AsyncIterable<PlannedFile[]>): AsyncGenerator<PlannedFile[]> {
  for await (const page of pages) if (page.length > 0 || page === BARRIER) yield page;
}
