import type { DatasetView } from '../dataset-view.ts';
import { type LogFile, readCatalog } from '../v4/catalog.ts';
import { History } from '../v4/history.ts';
import { collectReferences, type Reference } from '../v4/references.ts';
import { amounts } from './amounts.ts';
import { CannotCut } from './errors.ts';
import { leftOut } from './v4-left-out.ts';
import { type CutMeta, cutMeta } from './v4-meta.ts';
import type { Reach } from './v4-reach.ts';
import { readV4, type V4Reading } from './v4-reading.ts';
import { stillHolds } from './v4-still-holds.ts';
import { targetOf } from './v4-target.ts';
import { describe, lostNames, noteOf } from './v4-told.ts';
import type { VersionCut, VersionWish } from './version-cut.ts';

/** Cuts the meta log first, then every branch log to a prefix; counters are made anew by the restore. Source: DEEPLAKE_V4.md section 7.2. */
export async function cutV4(view: DatasetView, wish: VersionWish): Promise<VersionCut> {
  const reading = await readV4(view);
  const target = targetOf(reading, wish);
  const metaLog = await cutMeta(view, target.meta, stillHolds(target, reading), reading.timeOf);
  const history = cutHistory(target.history, metaLog, target.reach);
  const references = collectReferences(history);
  refuseLost(reading, references);
  const leaveOut = new Set([...metaLog.leaveOut, ...leftOut(reading, target, references)]);
  const version = describe(history, target, reading);
  const { left, size } = amounts(reading.listing, leaveOut, metaLog.write);
  const cutOff = { ...lostNames(reading, history), ...left };
  return { leaveOut, write: metaLog.write, notes: [noteOf(version, cutOff)], version, cutOff, size };
}

function cutHistory(history: History, { files }: CutMeta, reach: Reach): History {
  const catalog = readCatalog(files);
  const kept = [...catalog.branches.keys()].map((id): [string, LogFile[]] => [
    id,
    (history.logs.get(id) ?? []).filter(({ name }) => name.version <= (reach.get(id) ?? '')),
  ]);
  return new History(catalog, new Map(kept));
}

/** Clean-up at the source may have removed files that only old versions use: then such a version is no more. */
function refuseLost({ listing, history: whole }: V4Reading, references: ReadonlyMap<string, Reference>): void {
  const isLost = ({ live, path }: Reference): boolean => live && !listing.has(path);
  const lost = [...references.values()].filter(isLost);
  if (lost.length === 0) return;
  const known = collectReferences(whole);
  const fresh = lost.filter(({ path }) => !known.get(path)?.live);
  if (fresh.length === 0) return;
  const { path, namedBy } = fresh[0]!;
  throw new CannotCut(
    `The version is not whole any more: ${fresh.length} files of it had been cleaned up at the source, such as ${path} (named by ${namedBy}).`,
  );
}
