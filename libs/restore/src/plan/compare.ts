import { NO_REPAIR, type RestoreRepair } from '@dr/deeplake';
import type { TenantRepository } from '@dr/repository';
import type { RestoredSet } from '../restored-set.ts';
import { filesBelow } from '../target/entries.ts';

export interface Amount {
  files: number;
  bytes: number;
}

/** What a restore makes of the files in a target. `same`: same size and time, so most likely the same bytes; they are written all the same. */
export interface Changes {
  added: Amount;
  replaced: Amount;
  same: Amount;
  /** Files of the target that are not in the backup: they go. Bytes are those of the target. */
  removed: Amount;
}

export interface Seen {
  changes: Changes;
  objects: number;
  bytes: number;
  /** Paths that call for a word of warning. */
  hasViews: boolean;
  hasLinks: boolean;
}

/** Times are restored to within a microsecond. */
const TIME_STEP_NS = 1_000n;

interface Known {
  size: number;
  mtimeNs: bigint;
}

/** Walks a captured tree and what lies in its target, and counts. `target` undefined: nothing lies there. Opens no file. */
export async function compareWithTarget(
  tenant: TenantRepository,
  { root }: Pick<RestoredSet, 'root'>,
  { target, wanted, edit = NO_REPAIR }: { target: string | undefined; wanted: (path: string) => boolean; edit?: RestoreRepair },
): Promise<Seen> {
  const there = new Map<string, Known>();
  if (target !== undefined) for await (const { path, size, mtimeNs } of filesBelow(target)) there.set(path, { size, mtimeNs });
  const seen: Seen = { changes: noChanges(), objects: 0, bytes: 0, hasViews: false, hasLinks: false };
  for await (const entry of tenant.entries(root)) {
    if (entry.kind === 'dir' || !wanted(entry.path) || edit.leaveOut.has(entry.path)) continue;
    count(seen, entry, there.get(entry.path));
    there.delete(entry.path);
  }
  for (const { path, content, mtimeMs = Number.NaN } of edit.write) {
    const mtimeNs = Number.isNaN(mtimeMs) ? -1n : BigInt(Math.floor(mtimeMs)) * 1_000_000n;
    count(seen, { path, kind: 'file', size: content.length, mtimeNs }, there.get(path));
    there.delete(path);
  }
  for (const { size } of there.values()) add(seen.changes.removed, size);
  return seen;
}

function count(seen: Seen, { path, kind, size, mtimeNs }: Known & { path: string; kind: string }, before: Known | undefined): void {
  if (kind === 'file') {
    seen.objects++;
    seen.bytes += size;
  }
  seen.hasViews ||= path === 'queries.json';
  seen.hasLinks ||= path === 'linked_creds.json' || path.endsWith('/creds_index/unsharded');
  const { added, same, replaced } = seen.changes;
  add(before === undefined ? added : isSame(before, { size, mtimeNs }) ? same : replaced, size);
}

function isSame(a: Known, b: Known): boolean {
  const apart = a.mtimeNs > b.mtimeNs ? a.mtimeNs - b.mtimeNs : b.mtimeNs - a.mtimeNs;
  return a.size === b.size && apart <= TIME_STEP_NS;
}

function add(amount: Amount, bytes: number): void {
  amount.files++;
  amount.bytes += bytes;
}

const none = (): Amount => ({ files: 0, bytes: 0 });
const noChanges = (): Changes => ({ added: none(), replaced: none(), same: none(), removed: none() });
