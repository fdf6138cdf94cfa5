import { chmod, chown, mkdir, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Finding, type RestoreRepair, restoreOrder, syntheticFiles } from '@dr/deeplake';
import type { Progress, RestoreReport, TenantRepository, TreeEntry } from '@dr/repository';
import { PathsMatchNothing, PinnedGone } from '../errors.ts';
import { type RestoreChoices, wantedPaths } from '../options.ts';
import { copyLive } from '../pins/copy-live.ts';
import { amountOf, type Pins } from '../pins/find-pins.ts';
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
  /** How the restored files differ from the captured ones. */
  edit: RestoreRepair;
  /** Where the files are that the backup only pins. */
  pins: Pins;
  signal: AbortSignal;
  progress: (progress: Progress) => void;
  moved?: () => void;
}

/** `closed`: what stands open until the staging is checked. */
export type Staged = RestoreReport & { notes: readonly Finding[]; closed: readonly Closed[] };

/** Fills the staging folder with a data set and reads every byte of it again. @returns what was written, and what was repaired on the way. */
export async function stage(request: StageRequest): Promise<Staged> {
  const { tenant, dataset, options, place, edit, signal, progress, moved, pins } = request;
  const isWanted = wantedPaths(dataset.format, options);
  const gone = new Set(pins.missing.map(({ path }) => path));
  const wanted = (path: string): boolean => isWanted(path) && !edit.leaveOut.has(path) && !gone.has(path);
  await makeFolders(place);
  await mkdir(place.staging, { mode: 0o700 });
  const filter = ({ path }: { path: string }): boolean => wanted(path);
  const pinned = (entry: TreeEntry) => pins.held.get(entry.path) ?? leftToUs(entry, request);
  const report = await tenant.restore(dataset.root, place.staging, { filter, pinned, signal, progress });
  const objects = report.objects + pins.live.size;
  if (options.paths.length > 0 && objects === 0) throw new PathsMatchNothing(dataset.from, options.paths);
  const closed = await openClosed(tenant, dataset.root, place.staging);
  const copied = await copyLive(pins, { ...request, staging: place.staging });
  closed.push(...copied.closed);
  await ownAs(place.staging, (await exists(place.target)) ? place.target : place.folder);
  await writeAnew(request, wanted);
  const how = { wanted, signal, moved, pinned: { held: pins.held, digests: copied.digests } };
  if (options.verifyIntegrity) await verifyStaged(tenant, dataset.root, place.staging, how);
  const written = edit.write.reduce((sum, { content }) => sum + content.length, 0) + amountOf(pins.live.values()).bytes;
  return { ...report, objects: objects + edit.write.length, bytes: report.bytes + written, notes: edit.notes, closed };
}

/** Copied from the source afterwards. What is in no list must not be left out without a word. */
function leftToUs(entry: TreeEntry, { pins, dataset }: StageRequest): 'left-to-caller' {
  if (pins.live.has(entry.path)) return 'left-to-caller';
  throw new PinnedGone(dataset.from, { missing: [entry], why: 'the backup does not say where it lay' });
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
  { tenant, dataset: { root, format }, place: { staging }, options, edit }: StageRequest,
  wanted: (path: string) => boolean,
): Promise<void> {
  const order = restoreOrder(format);
  const files = [...edit.write].sort((a, b) => order(a.path, b.path));
  const paths = files.map(({ path }) => path);
  for await (const { path, kind } of tenant.entries(root)) if (kind === 'file' && wanted(path)) paths.push(path);
  const counters = options.paths.length > 0 ? [] : syntheticFiles(paths, format);
  for (const { path, content, mtimeMs } of [...files, ...counters]) {
    const to = join(staging, path);
    await mkdir(dirname(to), { recursive: true });
    await writeFile(to, content, { flush: true });
    if (mtimeMs !== undefined) await utimes(to, mtimeMs / 1000, mtimeMs / 1000);
    await ownAs(to, staging);
    await syncFolder(dirname(to));
  }
}
