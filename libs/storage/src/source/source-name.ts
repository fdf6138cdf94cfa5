import { isUtf8 } from 'node:buffer';
import type { SourceLinkProblem, SourceNameProblem } from './source-folder.ts';

export interface SourceName {
  /** The name; a rendering with \xNN for bytes that are no UTF-8. */
  text: string;
  problem?: SourceNameProblem;
}

/** A file name as the system gave it, and what is wrong with it. */
export function readName(bytes: Buffer): SourceName {
  if (!isUtf8(bytes)) return { text: renderBytes(bytes), problem: notUtf8(renderBytes(bytes)) };
  const text = bytes.toString('utf8');
  return text === text.normalize('NFC') ? { text } : { text, problem: notNfc(text) };
}

/** What a symlink says: as text, or the problem that it is none. */
export function readTarget(bytes: Buffer): { linkTarget: string } | { linkProblem: SourceLinkProblem } {
  if (isUtf8(bytes)) return { linkTarget: bytes.toString('utf8') };
  const message = `The link leads to ${renderBytes(bytes)}, which is not valid UTF-8, so it cannot be backed up as it is. Make it anew with a name in UTF-8.`;
  return { linkProblem: { code: 'source.target_not_utf8', message } };
}

function notUtf8(rendering: string): SourceNameProblem {
  return {
    code: 'source.name_not_utf8',
    message: `The name ${rendering} is not valid UTF-8, so the file cannot be backed up under its name. Rename it.`,
  };
}

function notNfc(text: string): SourceNameProblem {
  return {
    code: 'source.name_not_nfc',
    message: `The name ${JSON.stringify(text)} is not in Unicode's NFC form; some file systems will take another spelling of it for the same file.`,
  };
}

/** ASCII as it is (a backslash doubled), every other byte as \xNN: no two names render alike. */
function renderBytes(bytes: Buffer): string {
  const render = (byte: number): string =>
    byte < 0x20 || byte > 0x7e ? `\\x${byte.toString(16).padStart(2, '0')}` : String.fromCharCode(byte);
  return Array.from(bytes, (byte) => (byte === 0x5c ? '\\\\' : render(byte))).join('');
}
