import type { RestoreRepair } from '../restore/restore-repair.ts';
import { syntheticFiles } from '../restore/restore-rules.ts';
import type { MemoryView } from './memory-view.ts';

/** What a restore of `captured` with `repair` puts on disk. Throws when a new file lies on one that was not left out. */
export function restored(captured: MemoryView, repair: RestoreRepair, format: 'v3' | 'v4'): MemoryView {
  const result = captured.clone();
  for (const path of repair.leaveOut) if (!result.files.delete(path)) throw new Error(`${path} is left out but was never captured`);
  for (const { path, content } of repair.write) {
    if (result.files.has(path)) throw new Error(`${path} is written but was not left out`);
    result.write(path, content);
  }
  for (const { path, content } of syntheticFiles([...result.files.keys()], format)) result.write(path, content);
  return result;
}
