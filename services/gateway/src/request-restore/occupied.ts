import { lstat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Whether something stands at the place, or stands in its way: a file or a link instead of a folder. A link is never followed, so that
 * nothing is told of what lies elsewhere. `parts` are good names (isDatasetId).
 */
export async function isOccupied(root: string, parts: readonly string[]): Promise<boolean> {
  let path = root;
  for (const part of parts) {
    path = join(path, part);
    const found = await lstat(path).catch(() => undefined);
    if (found === undefined) return false;
    if (!found.isDirectory()) return true;
  }
  return true;
}
