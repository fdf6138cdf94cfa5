/**
 * Splits a command into its arguments, without any shell: no variables, globs, pipes or substitutions.
 * Text that begins with `[` is a JSON array of strings. Otherwise words are separated by white space; '…' is literal, "…" knows \" and \\,
 * and outside of quotes a backslash takes the next character as it is.
 * @returns the arguments, or undefined when a quote is not closed, the JSON is not an array of strings, or there is no word.
 */
export function splitCommand(command: string): string[] | undefined {
  const words = command.trimStart().startsWith('[') ? jsonWords(command) : quotedWords(command);
  return words !== undefined && words.length > 0 && words[0] !== '' ? words : undefined;
}

function jsonWords(command: string): string[] | undefined {
  try {
    const words: unknown = JSON.parse(command);
    return Array.isArray(words) && words.every((word) => typeof word === 'string') ? words : undefined;
  } catch {
    return undefined;
  }
}

const PIECE = /\s+|'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\]+)/gsy;

function quotedWords(command: string): string[] | undefined {
  const words: string[] = [];
  let inWord = false;
  let end = 0;
  for (const [piece, literal, quoted, escaped, plain] of command.matchAll(PIECE)) {
    end += piece.length;
    const part = literal ?? quoted?.replaceAll(/\\(["\\])/g, '$1') ?? escaped ?? plain;
    if (part !== undefined) words.push((inWord ? words.pop()! : '') + part);
    inWord = part !== undefined;
  }
  return end === command.length ? words : undefined;
}
