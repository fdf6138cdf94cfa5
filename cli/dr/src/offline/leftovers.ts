import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { findPlace, type Place, type RestoredSet, undoSwap } from '@dr/restore';
import { Declined } from '../errors.ts';

/**
 * The place of a data set. Our names in it follow from the target, so that a run that is repeated after a kill finds what the dead one left;
 * the last part is this process, which tells whether the other one still lives.
 */
export function placeOf(folder: string, tenant: string, { to }: RestoredSet, captured: string | undefined): Promise<Place> {
  const restoreId = `offline_${createHash('sha256').update(to).digest('hex').slice(0, 16)}`;
  return findPlace(folder, { tenant, dataset: to, restoreId, n: 1, token: process.pid, captured, shown: join(folder, tenant, to) });
}

/** Finishes or undoes the swap of an earlier run that was killed, and removes what it staged. @throws Declined while another run is at it */
export async function clearLeftovers(place: Place): Promise<void> {
  const prefix = basename(place.staging).slice(0, -String(process.pid).length);
  const names = await readdir(place.folder).catch(() => [] as string[]);
  const pids = names.filter((name) => name.startsWith(prefix)).map((name) => Number(name.slice(prefix.length)));
  const other = pids.find((pid) => pid !== process.pid && isAlive(pid));
  if (other !== undefined) throw new Declined(`Another dr (process ${other}) restores to ${place.name}. Wait for it, or end it.`);
  await undoSwap(place);
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
