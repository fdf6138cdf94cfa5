import type { CaptureFile } from '../types.ts';
import type { EarlierForm, FileToRead } from '../workers/messages.ts';
import type { UnchangedFiles } from './unchanged-files.ts';

/** Forms that are looked at; further ones are less and less like the file. */
const FORMS_MAX = 4;

/**
 * A file as it goes to a thread: with its earlier forms, when deltas may be written and the data set was stored before (else no piece of it could be a
 * base). @throws what the caller's `earlierForms` throws.
 */
export async function fileToRead(file: CaptureFile, deltas: boolean, bases: UnchangedFiles | undefined): Promise<FileToRead> {
  const { earlierForms, stream: _, ...plain } = file;
  if (!deltas || !earlierForms || !bases) return ownContent(plain);
  const forms: EarlierForm[] = [];
  for (const path of (await earlierForms()).slice(0, FORMS_MAX)) {
    const pieces = await bases.piecesOf(path);
    const form = { ...(path !== file.path && { path }), ...(pieces && { pieces }) };
    if (form.path !== undefined || form.pieces) forms.push(form);
  }
  return ownContent(forms.length > 0 ? { ...plain, forms } : plain);
}

/** Content in a buffer of its own: a message would copy whatever it shares one with. */
function ownContent(file: FileToRead): FileToRead {
  if (!file.content || file.content.byteLength === file.content.buffer.byteLength) return file;
  return { ...file, content: new Uint8Array(file.content) };
}
