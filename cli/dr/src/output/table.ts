export interface Column {
  title: string;
  /** Numbers stand at the right. */
  right?: boolean;
}

/** Rows under titles, columns as wide as they need, without trailing blanks. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...rows.map((row) => width(row[i] ?? ''))));
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ right }, i) => pad(printable(cells[i] ?? ''), widths[i]!, right ?? false))
      .join('  ')
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...rows.map(line)].join('\n');
}

/** 'name  value' lines; entries without a value are left out. */
export function facts(entries: readonly (readonly [string, string | undefined])[]): string {
  const known = entries.filter((entry): entry is [string, string] => entry[1] !== undefined);
  const longest = Math.max(0, ...known.map(([name]) => name.length));
  return known.map(([name, value]) => `${name.padEnd(longest)}  ${printable(value)}`).join('\n');
}

/** Names come from other people's files: control characters must not reach the terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => `\\x${character.codePointAt(0)!.toString(16).padStart(2, '0')}`);
}

const width = (text: string): number => [...printable(text)].length;

function pad(text: string, columns: number, right: boolean): string {
  const blanks = ' '.repeat(Math.max(0, columns - [...text].length));
  return right ? blanks + text : text + blanks;
}
