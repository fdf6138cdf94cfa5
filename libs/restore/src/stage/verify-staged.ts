import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { TenantRepository, TreeEntry } from '@dr/repository';
import { StagedDiffers } from '../errors.ts';

/** Reads every staged file again and compares it with the digest of its capture. @throws StagedDiffers */
export async function verifyStaged(
  tenant: TenantRepository,
  root: string,
  staging: string,
  { wanted, signal, moved }: { wanted: (path: string) => boolean; signal: AbortSignal; moved?: () => void },
): Promise<void> {
  for await (const entry of tenant.entries(root)) {
    signal.throwIfAborted();
    moved?.();
    if (entry.kind !== 'file' || !wanted(entry.path)) continue;
    if ((await digestOf(join(staging, entry.path), entry)) !== entry.digest) throw new StagedDiffers(entry.path);
  }
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
