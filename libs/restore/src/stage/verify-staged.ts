import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { TenantRepository, TreeEntry } from '@dr/repository';
import { StagedDiffers } from '../errors.ts';

/** What files must be that the tree only pins, by path: the entry of another backup, or the SHA-256 of what was copied. */
export interface PinnedDigests {
  held: ReadonlyMap<string, TreeEntry>;
  digests: ReadonlyMap<string, string>;
}

/** Read at once, into memory that serves all files: new memory for each waits for the collector, 40 MB of it. */
const STRETCH_BYTES = 1024 * 1024;

/** Reads every staged file again and compares it with the digest of its capture. @throws StagedDiffers */
export async function verifyStaged(
  tenant: TenantRepository,
  root: string,
  staging: string,
  { wanted, signal, moved, pinned }: { wanted: (path: string) => boolean; signal: AbortSignal; moved?: () => void; pinned?: PinnedDigests },
): Promise<void> {
  const memory = Buffer.allocUnsafeSlow(STRETCH_BYTES);
  for await (const entry of tenant.entries(root)) {
    signal.throwIfAborted();
    moved?.();
    if (entry.kind !== 'file' || !wanted(entry.path)) continue;
    if (!(await isAsCaptured(join(staging, entry.path), entry, memory, pinned))) throw new StagedDiffers(entry.path);
  }
}

async function isAsCaptured(path: string, entry: TreeEntry, memory: Buffer, pinned: PinnedDigests | undefined): Promise<boolean> {
  const copied = pinned?.digests.get(entry.path);
  if (copied !== undefined) return (await plainDigestOf(path)) === copied;
  const captured = entry.pinned ? pinned?.held.get(entry.path) : entry;
  return captured !== undefined && (await digestOf(path, captured, memory)) === captured.digest;
}

async function plainDigestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path)) hash.update(bytes as Buffer);
  return hash.digest('hex');
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

/** As the engine makes it: SHA-256 of the content for one piece, else SHA-256 over the pieces' SHA-256s. */
async function digestOf(path: string, { size, pieces }: TreeEntry, memory: Buffer): Promise<string | undefined> {
  const handle = await open(path, 'r');
  try {
    if ((await handle.stat()).size !== size) return undefined;
    const hashes: Buffer[] = [];
    for (const length of pieces.length === 0 ? [size] : pieces.map((piece) => piece.length)) {
      hashes.push(await hashOfNext(handle, length, memory));
    }
    return (hashes.length === 1 ? hashes[0]! : sha256(Buffer.concat(hashes))).toString('hex');
  } finally {
    await handle.close();
  }
}

/** SHA-256 of the next `length` bytes; of fewer when the file ends, which then shows. */
async function hashOfNext(handle: Awaited<ReturnType<typeof open>>, length: number, memory: Buffer): Promise<Buffer> {
  const hash = createHash('sha256');
  let left = length;
  while (left > 0) {
    const { bytesRead } = await handle.read(memory, 0, Math.min(left, memory.length));
    if (bytesRead === 0) break;
    hash.update(memory.subarray(0, bytesRead));
    left -= bytesRead;
  }
  return hash.digest();
}
