import { createHash } from 'node:crypto';
import { chown, type FileHandle, mkdir, open, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TenantRepository, TreeEntry } from '@dr/repository';
import { DrError, type SourceHandle } from '@dr/storage';
import { PinnedGone } from '../errors.ts';
import type { Closed } from '../stage/closed-modes.ts';
import { isSameFile, type Pins } from './find-pins.ts';

export interface CopyLive {
  tenant: TenantRepository;
  /** `from`: the data set's id in the backup. */
  dataset: { from: string; root: string };
  staging: string;
  signal: AbortSignal;
  /** Called at least once per mebibyte. */
  moved?: () => void;
}

export interface Copied {
  /** SHA-256 of each file, in hex. */
  readonly digests: ReadonlyMap<string, string>;
  /** Files whose captured mode shuts out their owner; they are open until the staging is checked. */
  readonly closed: readonly Closed[];
}

const BUFFER_BYTES = 1024 * 1024;
const AT_ONCE = 8;
const READABLE = 0o400;
const isRoot = process.getuid?.() === 0;

/**
 * Copies what a snapshot pins and only the source still has. A file counts when its identity was that of the snapshot before and after it was read.
 * @throws PinnedGone for one that changed or vanished since it was looked for
 */
export async function copyLive(pins: Pins, request: CopyLive): Promise<Copied> {
  const digests = new Map<string, string>();
  const closed: Closed[] = [];
  await eachAtOnce([...pins.live.values()], async (entry) => {
    request.signal.throwIfAborted();
    const handle = await orGone(pins.source!.open(entry.path), entry, request);
    try {
      digests.set(entry.path, await copyOne(handle, entry, request));
    } finally {
      await handle.close();
    }
    const { mode } = entry;
    if ((mode & READABLE) === 0) closed.push({ path: join(request.staging, entry.path), mode });
  });
  await settleFolders(pins, request);
  return { digests, closed };
}

/** Syncs of several files share a write of the disk's journal. When one fails no other is begun, and it is thrown once nobody writes any more. */
async function eachAtOnce(entries: TreeEntry[], copy: (entry: TreeEntry) => Promise<void>): Promise<void> {
  const worker = async (): Promise<void> => {
    for (let entry = entries.pop(); entry; entry = entries.pop()) await copy(entry);
  };
  const stop = (error: unknown) => {
    entries.length = 0;
    throw error;
  };
  const ended = await Promise.allSettled(Array.from({ length: AT_ONCE }, () => worker().catch(stop)));
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
}

async function copyOne(handle: SourceHandle, entry: TreeEntry, request: CopyLive): Promise<string> {
  await refuseChanged(handle, entry, request);
  const to = join(request.staging, entry.path);
  await mkdir(dirname(to), { recursive: true });
  const target = await open(to, 'wx', entry.mode | READABLE);
  try {
    const digest = await copyBytes(handle, target, entry, request);
    await refuseChanged(handle, entry, request);
    if (isRoot) await target.chown(entry.uid, entry.gid);
    await target.chmod(entry.mode | READABLE);
    await target.sync();
    return digest;
  } finally {
    await target.close();
    await utimes(to, ...timesOf(entry));
  }
}

async function copyBytes(handle: SourceHandle, target: FileHandle, entry: TreeEntry, request: CopyLive): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  for (let at = 0; at < entry.size; ) {
    const read = await orGone(handle.read(buffer, at), entry, request);
    if (read === 0) throw gone(entry, request);
    hash.update(buffer.subarray(0, read));
    await target.writeFile(buffer.subarray(0, read));
    at += read;
    request.moved?.();
  }
  return hash.digest('hex');
}

async function refuseChanged(handle: SourceHandle, entry: TreeEntry, request: CopyLive): Promise<void> {
  if (!isSameFile(await orGone(handle.stat(), entry, request), entry)) throw gone(entry, request);
}

/** Folders have the times of what was copied into them; they get those of their capture back. */
async function settleFolders(pins: Pins, { tenant, dataset, staging }: CopyLive): Promise<void> {
  const folders = new Set([...pins.live.keys()].map((path) => dirname(path)));
  if (folders.size === 0) return;
  for await (const entry of tenant.entries(dataset.root)) {
    if (entry.kind !== 'dir' || !folders.has(entry.path)) continue;
    if (isRoot) await chown(join(staging, entry.path), entry.uid, entry.gid);
    await utimes(join(staging, entry.path), ...timesOf(entry));
  }
}

/** Node cuts to whole microseconds: half of one is added to come out right. */
function timesOf({ mtimeNs }: TreeEntry): [number, number] {
  const seconds = (Number(mtimeNs / 1000n) + 0.5) / 1e6;
  return [seconds, seconds];
}

async function orGone<T>(reading: Promise<T>, entry: TreeEntry, request: CopyLive): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof DrError && error.code.startsWith('source.')) throw gone(entry, request, error.message);
    throw error;
  }
}

const gone = (entry: TreeEntry, { dataset }: CopyLive, why = 'the source was written while it was read'): PinnedGone =>
  new PinnedGone(dataset.from, { missing: [entry], why });
