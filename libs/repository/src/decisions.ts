import { LIST_PAGE_MAX, ObjectMissing } from '@dr/storage';
import { mapLimited } from './concurrency.ts';
import { Damaged, FormatTooNew } from './errors.ts';
import { decodeDecision } from './format/decision.ts';
import type { Ledger } from './ledger.ts';
import { decoding, type TenantScope } from './tenant-scope.ts';
import type { BackupType, Commit, Decision } from './types.ts';

const READS_AT_ONCE = 16;

/** The decision object of a backup; undefined while there is none. @throws Damaged, FormatTooNew. */
export async function readDecision(scope: TenantScope, backupId: string): Promise<Decision | undefined> {
  const key = scope.names.decision(backupId);
  try {
    const bytes = await scope.store.read(key);
    return decoding(key, () => decodeDecision(scope, backupId, bytes));
  } catch (cause) {
    if (cause instanceof ObjectMissing) return undefined;
    throw cause;
  }
}

export interface ListOptions {
  /** The newest first; else by key. What is not asked for is not read. */
  readonly newestFirst?: boolean;
  readonly damaged: (error: unknown) => void;
}

/** Decisions in pages, purged ones left out. A damaged one is handed to `damaged` and left out too: one bad object hides no other backup. */
export async function* listDecisions(
  scope: TenantScope,
  ledger: Ledger,
  { newestFirst, damaged }: ListOptions,
): AsyncGenerator<Decision[]> {
  for await (const ids of newestFirst ? idsBackwards(scope) : idsIn(scope)) {
    const wanted = ids.filter((id) => !ledger.purged.has(id));
    const read = await mapLimited(wanted, READS_AT_ONCE, (id) =>
      readDecision(scope, id).catch((error: unknown) => {
        damaged(error);
        return undefined;
      }),
    );
    yield read.filter((decision) => decision !== undefined);
  }
}

/** Ids of all decided backups in byte order, in pages. */
async function* idsIn({ store, names }: TenantScope): AsyncGenerator<string[]> {
  for await (const page of store.list(names.decisions)) yield page.map(({ key }) => key.slice(names.decisions.length));
}

async function allIds(scope: TenantScope): Promise<string[]> {
  const ids: string[] = [];
  for await (const page of idsIn(scope)) ids.push(...page);
  return ids;
}

/** The names of all, and then pages that grow: whoever wants the newest reads few. */
async function* idsBackwards(scope: TenantScope): AsyncGenerator<string[]> {
  const ids = (await allIds(scope)).reverse();
  for (let start = 0, size = READS_AT_ONCE; start < ids.length; start += size, size = Math.min(2 * size, LIST_PAGE_MAX))
    yield ids.slice(start, start + size);
}

export interface NewestOptions {
  readonly type?: BackupType;
  readonly before?: string;
  readonly suits?: (commit: Commit) => boolean;
}

/** Decisions that are read at once on the way back from the newest. */
const LOOK_BACK = 4;

/** See TenantRepository.newestWith. */
export async function newestWith(
  scope: TenantScope,
  ledger: Ledger,
  datasetId: string,
  { type, before, suits = () => true }: NewestOptions,
): Promise<Commit | undefined> {
  const wanted = (await allIds(scope)).filter((id) => !ledger.purged.has(id) && (before === undefined || id < before));
  const has = (commit: Commit): boolean => commit.datasets.some((set) => set.datasetId === datasetId && set.root !== undefined);
  for (let end = wanted.length; end > 0; end -= LOOK_BACK) {
    const read = await mapLimited(wanted.slice(Math.max(0, end - LOOK_BACK), end), LOOK_BACK, (id) => readableDecision(scope, id));
    const found = read
      .filter((one) => one?.kind === 'commit')
      .findLast((commit) => (type ?? commit.type) === commit.type && has(commit) && suits(commit));
    if (found) return found;
  }
  return undefined;
}

/** As readDecision; undefined too for one that is damaged, or that a later version wrote. */
export async function readableDecision(scope: TenantScope, backupId: string): Promise<Decision | undefined> {
  try {
    return await readDecision(scope, backupId);
  } catch (cause) {
    if (cause instanceof Damaged || cause instanceof FormatTooNew) return undefined;
    throw cause;
  }
}
