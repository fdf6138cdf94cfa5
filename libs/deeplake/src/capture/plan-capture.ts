import { setTimeout as wait } from 'node:timers/promises';
import type { SourceFile, SourceFolder } from '@dr/storage';
import { formatOfFolder } from '../discovery/layout.ts';
import { PlanAlreadyRead } from '../errors.ts';
import type { DatasetFormat } from '../finding.ts';
import { fixed, PIECE_BYTES } from './chunkers.ts';
import { type Ahead, ListedAhead } from './list-ahead.ts';
import { listForCapture } from './list-source.ts';
import { planV3 } from './plan-v3.ts';
import { planV4 } from './plan-v4.ts';
import { BARRIER, type CapturePlan, newNotes, type PlannedFile, READ_BARRIER, type SourceNotes } from './planned-file.ts';
import { ROUND_LIMITS, type RoundLimits, settle } from './settle.ts';
import { toPlanned } from './to-planned.ts';
import { withPins } from './with-pins.ts';

export interface PlanOptions {
  /** Milliseconds; tells what is young enough to be still in the making. */
  readonly now: () => number;
  /** When known; else it is detected, which costs one look into the folder. */
  readonly format?: DatasetFormat;
  /** How to wait for a writer; rejects to stop the plan. Tests pass one that does not wait. */
  readonly sleep?: (ms: number) => Promise<unknown>;
  readonly limits?: RoundLimits;
  /** Mark the files that a snapshot need not read. */
  readonly pins?: boolean;
}

/** A capture in the making, as the plans of the formats see it. */
export interface Planning extends Required<Omit<PlanOptions, 'format' | 'pins'>> {
  readonly folder: SourceFolder;
  readonly notes: SourceNotes;
  /** Set before the first page is asked for, if at all. */
  ahead?: Ahead;
}

/**
 * What a capture of a data set copies while writers run, in the order that is safe, with the chunker of each file. Folders and symlinks (as
 * links) are listed too. Reads logs, trees and indexes of the source, never data. `files` rejects as SourceFolder does when the folder vanishes.
 * v3 and unknown layouts are listed and copied again until they rest; v4 needs no rest. Source: DEEPLAKE.md section 3, DEEPLAKE_V4.md section 7.1.
 */
export async function planCapture(folder: SourceFolder, options: PlanOptions): Promise<CapturePlan> {
  const format = options.format ?? (await formatOfFolder(folder));
  const { now, sleep = (ms: number) => wait(ms), limits = ROUND_LIMITS } = options;
  const planning: Planning = { folder, now, sleep, limits, notes: newNotes() };
  const plans = { v3: planV3, v4: planV4, opaque: planOpaque };
  const files = () => (options.pins ? withPins(plans[format](planning), format) : plans[format](planning));
  return { format, notes: planning.notes, ...readOnce(planning, files) };
}

function planOpaque(planning: Planning): AsyncIterable<PlannedFile[]> {
  const list = () => listForCapture(planning);
  return settle({ ...planning, list, plan: (changed) => planInOrder(changed, planning.notes), timeCut: true });
}

async function* planInOrder(changed: AsyncIterable<SourceFile[]>, notes: SourceNotes): AsyncIterable<PlannedFile[]> {
  for await (const page of changed) yield page.flatMap((file) => toPlanned(file, fixed(PIECE_BYTES), notes));
}

/** A second reading would repeat the listing but not the moment, so it is refused. */
function readOnce(planning: Planning, start: () => AsyncIterable<PlannedFile[]>): Pick<CapturePlan, 'files' | 'listAhead' | 'close'> {
  let ahead: ListedAhead | undefined;
  let read = false;
  return {
    files: {
      [Symbol.asyncIterator]() {
        if (read) throw new PlanAlreadyRead();
        read = true;
        return ahead ? ahead.pages() : filled(start())[Symbol.asyncIterator]();
      },
    },
    listAhead: (untouched, listed) => {
      planning.ahead = { untouched, isEarly: () => !ahead?.asked };
      ahead ??= new ListedAhead(filled(start()), listed);
    },
    close: async () => ahead?.close(),
  };
}

/** Pages that lost all their files to filters would look like barriers. */
async function* filled(pages: AsyncIterable<PlannedFile[]>): AsyncGenerator<PlannedFile[]> {
  for await (const page of pages) if (page.length > 0 || page === BARRIER || page === READ_BARRIER) yield page;
}
