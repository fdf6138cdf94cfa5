import { chmod, chown, mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Finding, NO_REPAIR, type RestoreRepair, repairOnRestore, restoreOrder, syntheticFiles } from '@dr/deeplake';
import type { Progress, RestoreReport, TenantRepository } from '@dr/repository';
import { PathsMatchNothing } from '../errors.ts';
import { type RestoreChoices, wantedPaths } from '../options.ts';
import type { RestoredSet } from '../restored-set.ts';
import { entryAt, exists, syncFolder } from '../target/entries.ts';
import type { Place } from '../target/place.ts';
import { type Closed, closeAgain, openClosed } from './closed-modes.ts';
import { verifyStaged } from './verify-staged.ts';

export interface StageRequest {
  tenant: TenantRepository;
  dataset: RestoredSet;
  options: RestoreChoices;
  place: Place;
  /** Findings that the backup has of this data set. */
  known: readonly Finding[];
  signal: AbortSignal;
  progress: (progress: Progress) => void;
  moved?: () => void;
}

/** `closed`: what stands open until the staging is checked. */
export type Staged = RestoreReport & { notes: readonly Finding[]; closed: readonly Closed[] };

/** Fills the staging folder with a data set and reads every byte of it again. @returns what was written, and what was repaired on the way. */
export async function stage(request: StageRequest): Promise<Staged> {
  const { tenant, dataset, options, place, signal, progress, moved } = request;
  const repair = await repairOf(request);
  const isWanted = wantedPaths(dataset.format, options);
  const wanted = (path: string): boolean => isWanted(path) && !repair.leaveOut.has(path);
  await makeFolders(place);
  await mkdir(place.staging, { mode: 0o700 });
  const report = await tenant.restore(dataset.root, place.staging, { filter: ({ path }) => wanted(path), signal, progress });
  if (options.paths.length > 0 && report.objects === 0) throw new PathsMatchNothing(dataset.from, options.paths);
  const closed = await openClosed(tenant, dataset.root, place.staging);
  await ownAs(place.staging, (await exists(place.target)) ? place.target : place.folder);
  await writeAnew(request, repair, wanted);
  if (options.verifyIntegrity) await verifyStaged(tenant, dataset.root, place.staging, { wanted, signal, moved });
  return { ...report, notes: repair.notes, closed };
}

/** A part of a data set is not repaired: what it lacks is not there by choice. */
async function repairOf({ tenant, dataset, options, known }: StageRequest): Promise<RestoreRepair> {
  if (options.keepTornHead || options.paths.length > 0) return NO_REPAIR;
  return repairOnRestore(tenant.openFiles(dataset.root), { format: dataset.format, findings: [...known] });
}

/** The folders above staging and target. New ones belong to whom the one above belongs to. */
async function makeFolders({ folder, target }: Place): Promise<void> {
  for (const path of [folder, dirname(target)]) {
    const first = await mkdir(path, { recursive: true });
    if (first === undefined) continue;
    for (let made = path; made.length >= first.length; made = dirname(made)) await ownAs(made, dirname(first));
    await syncFolder(dirname(first));
  }
}

/** Until now nobody else could enter the staging. The data set keeps mode and owner of the one that it replaces, else it has those of its tenant's folder. */
export async function settleModes({ staging, target }: Place, closed: readonly Closed[]): Promise<void> {
  await closeAgain(closed);
  const before = await entryAt(target);
  await chmod(staging, before ? before.mode & 0o7777 : 0o755);
}

const isRoot = process.getuid?.() === 0;

async function ownAs(path: string, model: string): Promise<void> {
  if (!isRoot) return;
  const { uid, gid } = await stat(model);
  await chown(path, uid, gid);
}

/** Files that are not those of the capture: repaired ones, and what is made from the paths that then lie there, such as v4's commit counters. */
async function writeAnew(
  { tenant, dataset: { root, format }, place: { staging }, options }: StageRequest,
  repair: RestoreRepair,
  wanted: (path: string) => boolean,
): Promise<void> {
  const order = restoreOrder(format);
  const files = [...repair.write].sort((a, b) => order(a.path, b.path));
  const paths = files.map(({ path }) => path);
  for await (const { path, kind } of tenant.entries(root)) if (kind === 'file' && wanted(path)) paths.push(path);
  const counters = options.paths.length > 0 ? [] : syntheticFiles(paths, format);
  for (const { path, content } of [...files, ...counters]) {
    const to = join(staging, path);
    await mkdir(dirname(to), { recursive: true });
    await writeFile(to, content, { flush: true });
    await ownAs(to, staging);
    await syncFolder(dirname(to));
  }
}
