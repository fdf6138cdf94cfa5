import { SourceMissing } from './errors.ts';
import type { SourceFolder } from './source-folder.ts';

/** Opens an existing folder for reading. @throws SourceMissing, SourceUnavailable. */
export async function openSourceFolder(absolutePath: string): Promise<SourceFolder> {
  throw new SourceMissing(absolutePath);
}
