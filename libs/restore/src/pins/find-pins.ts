import { join } from 'node:path';
import type { Amount, Commit, TenantRepository, TreeEntry } from '@dr/repository';
import { DrError, openWhereItLay, type SourceFile, type SourceFolder } from '@dr/storage';
import type { Edits } from '../edits.ts';
import type { RestoredSet } from '../restored-set.ts';
import { exists } from '../target/entries.ts';

/** Where the files are that a snapshot only pins. */
export interface Pins {
  /** By path: entries of other backups that hold their bytes. */
  readonly held: ReadonlyMap<string, TreeEntry>;
  /** By path: still at the source, by their identity. */
  readonly live: ReadonlyMap<string, TreeEntry>;
  /** The data set at the source; there whenever `live` is not empty. */
  readonly source?: SourceFolder;
  readonly missing: readonly TreeEntry[];
  /** Why the missing ones are not taken from the source. */
  readonly why: string;
}

export const NO_PINS: Pins = { held: new Map(), live: new Map(), missing: [], why: '' };

export interface PinsRequest {
  tenant: TenantRepository;
  commit: Commit;
  dataset: Pick<RestoredSet, 'from' | 'root'>;
  /** Absolute folder that holds all data sets, if there is one: the source that a snapshot was made of, or another. */
  liveRoot?: string;
  wanted: (path: string) => boolean;
}

const ALONE = 'without the house that made the snapshot its source is not looked at';

/** The repository first: a backup made since may hold the very file. The live source second, when it is the storage that was captured. */
export async function findPins({ tenant, commit, dataset, liveRoot, wanted }: PinsRequest): Promise<Pins> {
  const pinned = commit.datasets.find(({ datasetId }) => datasetId === dataset.from)?.pinned;
  if (!pinned?.objects) return NO_PINS;
  const found = await tenant.findPinned(dataset.root, { datasetId: dataset.from, backupId: commit.backupId, wanted });
  if (found.missing.length === 0) return { ...NO_PINS, held: found.held };
  const place = liveRoot === undefined ? ALONE : await openWhereItLay(pinned, liveRoot);
  if (typeof place === 'string') return { ...NO_PINS, ...found, why: place };
  const live = new Map<string, TreeEntry>();
  for (const entry of found.missing) if (await isThere(place, entry)) live.set(entry.path, entry);
  const missing = found.missing.filter(({ path }) => !live.has(path));
  return { held: found.held, live, source: place, missing, why: 'the source does not have them any more as they were' };
}

/** Those of them that a data set needs when some of its files are left out. */
export function neededPins(pins: Pins, edits: Pick<Edits, 'edit'> | undefined): Pins {
  const isNeeded = (path: string): boolean => !edits?.edit.leaveOut.has(path);
  const only = (entries: Pins['held']) => new Map([...entries].filter(([path]) => isNeeded(path)));
  return { ...pins, held: only(pins.held), live: only(pins.live), missing: pins.missing.filter(({ path }) => isNeeded(path)) };
}

/** What of a snapshot's pinned files is not in a target that an earlier try has filled: it was found nowhere then. */
export async function absentPins({ tenant, commit, dataset, place, wanted }: PinsRequest & { place: { target: string } }): Promise<Pins> {
  if (!commit.datasets.find(({ datasetId }) => datasetId === dataset.from)?.pinned?.objects) return NO_PINS;
  const missing: TreeEntry[] = [];
  for await (const entry of tenant.entries(dataset.root)) {
    if (entry.pinned && wanted(entry.path) && !(await exists(join(place.target, entry.path)))) missing.push(entry);
  }
  return { ...NO_PINS, missing, why: 'an earlier try did not find them' };
}

async function isThere(folder: SourceFolder, entry: TreeEntry): Promise<boolean> {
  const found = await folder.stat(entry.path).catch((error: unknown) => {
    if (error instanceof DrError && error.code.startsWith('source.')) return undefined;
    throw error;
  });
  return found !== undefined && isSameFile(found, entry);
}

/** Nothing that a write, a rename over it or a change of its mode would leave as it was. */
export function isSameFile(found: SourceFile, entry: TreeEntry): boolean {
  const { kind, size, mtimeNs, ctimeNs, ino } = found;
  return kind === 'file' && size === entry.size && mtimeNs === entry.mtimeNs && ctimeNs === entry.ctimeNs && ino === entry.ino;
}

export const amountOf = (entries: Iterable<TreeEntry>): Amount => {
  const sum = { objects: 0, bytes: 0 };
  for (const { size } of entries) {
    sum.objects++;
    sum.bytes += size;
  }
  return sum;
};
