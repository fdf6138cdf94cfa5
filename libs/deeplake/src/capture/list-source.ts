import type { SourceFile, SourceFolder } from '@dr/storage';
import { SourceMissing } from '@dr/storage';
import type { SourceNotes } from './planned-file.ts';

interface Listing {
  readonly folder: SourceFolder;
  readonly notes: SourceNotes;
}

/** Everything below a folder of the data set; what the system refuses to show is noted. @throws SourceMissing when the data set itself is gone. */
export async function* listForCapture({ folder, notes }: Listing, prefix = ''): AsyncIterable<SourceFile[]> {
  if (prefix === '') notes.unreadable.clear();
  yield* folder.list(prefix, (path, error) => notes.unreadable.set(path, error.message));
}

/** As `listForCapture`, of a part that need not be there, or may vanish meanwhile. */
export async function* listIfThere(listing: Listing, prefix: string): AsyncIterable<SourceFile[]> {
  const { folder } = listing;
  if ((await folder.stat(prefix))?.kind !== 'dir') return;
  try {
    yield* listForCapture(listing, prefix);
  } catch (error) {
    if (!(error instanceof SourceMissing)) throw error;
  }
}
