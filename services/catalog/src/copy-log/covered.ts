import { chainHashes, logHead, type Queryable } from '@dr/event-store';
import type { HeadsMemory } from '@dr/service';

/**
 * Whether the log surely lacks nothing, although its copies cannot be looked at: it holds every head of a copy that is remembered, and is not empty.
 * A database that was set back is behind what DR_HOME remembers; an empty one may belong to a house that was lost.
 */
export async function isCovered(database: Queryable, memory: HeadsMemory): Promise<boolean> {
  if ((await logHead(database)).position === 0) return false;
  for (const { position, hash } of await memory.all()) {
    if (position === 0) continue;
    const found = await chainHashes(database, position, position);
    if (found.get(position) !== hash) return false;
  }
  return true;
}
