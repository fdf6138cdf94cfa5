import { NO_REPAIR, type RestoreRepair } from '@dr/deeplake';
import type { TenantRepository } from '@dr/repository';
import type { SourceFile } from '@dr/storage';
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

/** Walks a captured tree and what lies in its target, both in byte order of their paths, and counts. `target` undefined: nothing lies there. Opens no file. */
export async function compareWithTarget(
  tenant: TenantRepository,
  { root }: Pick<RestoredSet, 'root'>,
  { target, wanted, edit = NO_REPAIR }: { target: string | undefined; wanted: (path: string) => boolean; edit?: RestoreRepair },
): Promise<Seen> {
  const seen: Seen = { changes: noChanges(), objects: 0, bytes: 0, hasViews: false, hasLinks: false };
  const written = new Map<string, SourceFile | undefined>(edit.write.map(({ path }) => [path, undefined]));
  const there = new Beside(target === undefined ? nothing() : filesBelow(target), (file) => {
    if (written.has(file.path)) written.set(file.path, file);
    else add(seen.changes.removed, file.size);
  });
  try {
    for await (const entry of tenant.entries(root)) {
      const isRestored = entry.kind !== 'dir' && wanted(entry.path) && !edit.leaveOut.has(entry.path);
      if (isRestored) count(seen, entry, await there.at(entry.path));
    }
    await there.end();
  } finally {
    await there.close();
  }
  for (const { path, content, mtimeMs = Number.NaN } of edit.write) {
    const mtimeNs = Number.isNaN(mtimeMs) ? -1n : BigInt(Math.floor(mtimeMs)) * 1_000_000n;
    count(seen, { path, kind: 'file', size: content.length, mtimeNs }, written.get(path));
  }
  return seen;
}

async function* nothing(): AsyncGenerator<SourceFile> {}

/** Goes over the files of a target beside the paths of a backup. What it passes by is not in the backup. */
class Beside {
  readonly #files: AsyncGenerator<SourceFile>;
  readonly #onlyThere: (file: SourceFile) => void;
  #next: { file: SourceFile; path: Buffer } | undefined;
  #begun = false;

  constructor(files: AsyncGenerator<SourceFile>, onlyThere: (file: SourceFile) => void) {
    this.#files = files;
    this.#onlyThere = onlyThere;
  }

  /** The file at a path. Paths ascend. */
  async at(path: string): Promise<SourceFile | undefined> {
    const wanted = Buffer.from(path);
    if (!this.#begun) await this.#step();
    for (;;) {
      const next = this.#next;
      const order = next ? Buffer.compare(next.path, wanted) : 1;
      if (order > 0) return undefined;
      if (order < 0) this.#onlyThere(next!.file);
      await this.#step();
      if (order === 0) return next!.file;
    }
  }

  async end(): Promise<void> {
    if (!this.#begun) await this.#step();
    for (; this.#next; await this.#step()) this.#onlyThere(this.#next.file);
  }

  async close(): Promise<void> {
    await this.#files.return(undefined);
  }

  /** A name that is not UTF-8 is in no backup, and its rendering is not in order. */
  async #step(): Promise<void> {
    this.#begun = true;
    for (;;) {
      const { done, value } = await this.#files.next();
      this.#next = done ? undefined : { file: value, path: Buffer.from(value.path) };
      if (done || value.nameProblem?.code !== 'source.name_not_utf8') return;
      this.#onlyThere(value);
    }
  }
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
