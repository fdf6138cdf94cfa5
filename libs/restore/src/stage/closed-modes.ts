import { chmod, lstat, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { TenantRepository } from '@dr/repository';

const FOLDER_NEEDS = 0o700;
const FILE_NEEDS = 0o400;

/** An entry of a staged data set whose mode shuts out its owner. */
export interface Closed {
  path: string;
  mode: number;
}

/**
 * Opens what the captured modes close even to their owner (read-only folders, say): until the staging is checked, whoever restores must be able to
 * read all of it and add files. Root could anyway, an ordinary user could not. @returns what `closeAgain` needs, outer folders first
 */
export async function openClosed(tenant: TenantRepository, root: string, staging: string): Promise<Closed[]> {
  const closed: Closed[] = [];
  for await (const { path, kind } of tenant.entries(root)) {
    if (kind !== 'dir' && kind !== 'file') continue;
    const at = join(staging, path);
    const found = await lstat(at).catch(() => undefined);
    const needs = kind === 'dir' ? FOLDER_NEEDS : FILE_NEEDS;
    if (found === undefined || (found.mode & needs) === needs) continue;
    await chmod(at, (found.mode & 0o7777) | needs);
    closed.push({ path: at, mode: found.mode & 0o7777 });
  }
  return closed;
}

/** The captured modes, durable, from the inside out. */
export async function closeAgain(closed: readonly Closed[]): Promise<void> {
  for (const { path, mode } of closed.toReversed()) {
    const handle = await open(path, 'r');
    try {
      await handle.chmod(mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}
