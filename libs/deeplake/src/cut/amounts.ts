import type { Listing } from '../listing.ts';
import type { SyntheticFile } from '../restore/restore-rules.ts';
import type { CutOff, VersionCut } from './version-cut.ts';

/** What goes, and what is left: a file that is written anew in its place does not count as gone. */
export function amounts(
  listing: Listing,
  leaveOut: ReadonlySet<string>,
  write: readonly SyntheticFile[],
): { left: Pick<CutOff, 'files' | 'bytes'>; size: VersionCut['size'] } {
  const again = new Set(write.map(({ path }) => path));
  let [files, bytes, replaced] = [0, 0, 0];
  for (const path of leaveOut) {
    if (again.has(path)) replaced += listing.size(path) ?? 0;
    else {
      files++;
      bytes += listing.size(path) ?? 0;
    }
  }
  const written = write.reduce((sum, { content }) => sum + content.length, 0);
  const isNew = write.filter(({ path }) => !listing.has(path)).length;
  return {
    left: { files, bytes },
    size: { objects: listing.sizes.size - files + isNew, bytes: listing.bytes - bytes - replaced + written },
  };
}
