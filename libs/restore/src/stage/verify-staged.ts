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

/** Reads every staged file again and compares it with the digest of its capture. @throws StagedDiffers */
export async function verifyStaged(
  tenant: TenantRepository,
  root: string,
  staging: string,
  { wanted, signal, moved, pinned }: { wanted: (path: string) => boolean; signal: AbortSignal; moved?: () => void; pinned?: PinnedDigests },
): Promise<void> {
  for await (const entry of tenant.entries(root)) {
    signal.throwIfAborted();
    moved?.();
    if (entry.kind !== 'file' || !wanted(entry.path)) continue;
    if (!(await isAsCaptured(join(staging, entry.path), entry, pinned))) throw new StagedDiffers(entry.path);
  }
}

async function isAsCaptured(path: string, entry: TreeEntry, pinned: PinnedDigests | undefined): Promise<boolean> {
  const copied = pinned?.digests.get(entry.path);
  if (copied !== undefined) return (await plainDigestOf(path)) === copied;
  const captured = entry.pinned ? pinned?.held.get(entry.path) : entry;
  return captured !== undefined && (await digestOf(path, captured)) === captured.digest;
}

async function plainDigestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path)) hash.update(bytes as Buffer);
  return hash.digest('hex');
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

/** As the engine makes it: SHA-256 of the content for one piece, else SHA-256 over the pieces' SHA-256s. */
async function digestOf(path: string, { size, pieces }: TreeEntry): Promise<string | undefined> {
  const handle = await open(path, 'r');
  try {
    if ((await handle.stat()).size !== size) return undefined;
    const hashes: Buffer[] = [];
    for (const length of pieces.length === 0 ? [size] : pieces.map((piece) => piece.length)) {
      hashes.push(sha256(await readFully(handle, length)));
    }
    return (hashes.length === 1 ? hashes[0]! : sha256(Buffer.concat(hashes))).toString('hex');
  } finally {
    await handle.close();
  }
}

/** The next `length` bytes; fewer when the file ends, which then shows in the digest. */
async function readFully(handle: Awaited<ReturnType<typeof open>>, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
