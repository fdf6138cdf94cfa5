/** Where a verb writes. stdout carries only the answer; everything else goes to stderr. */
export interface Streams {
  stdout: (text: string) => void;
  stderr: (text: string) => void;
  /** stderr is a terminal: progress may be drawn on it. */
  isTerminal: boolean;
  /** Its width, where it is known. */
  columns?: () => number | undefined;
}

export class Out {
  readonly json: boolean;
  readonly #streams: Streams;
  #drawn = 0;

  constructor(streams: Streams, json: boolean) {
    this.#streams = streams;
    this.json = json;
  }

  /** The answer: `value` as JSON, else what `render` makes of it (nothing for ''). */
  answer(value: unknown, render: () => string, json = this.json): void {
    this.#erase();
    const text = json ? JSON.stringify(value, null, 2) : render();
    if (text !== '') this.#streams.stdout(`${text}\n`);
  }

  /** A part of a long answer, without --json. */
  line(text: string): void {
    this.#streams.stdout(`${text}\n`);
  }

  /** Words for people. */
  say(text: string): void {
    this.#erase();
    this.#streams.stderr(`${text}\n`);
  }

  /** Replaces the last progress line; only on a terminal. */
  progress(text: string): void {
    if (!this.#streams.isTerminal) return;
    const columns = this.#streams.columns?.() || Number.POSITIVE_INFINITY;
    const line = text.length < columns ? text : `${text.slice(0, columns - 2)}…`;
    this.#streams.stderr(`\r${line.padEnd(this.#drawn)}`);
    this.#drawn = line.length;
  }

  #erase(): void {
    if (this.#drawn > 0) this.#streams.stderr(`\r${' '.repeat(this.#drawn)}\r`);
    this.#drawn = 0;
  }
}

const BAR_COLUMNS = 24;

/** '[######------------------]  25 %'. */
export function bar(done: number, total: number): string {
  const share = total > 0 ? Math.min(1, done / total) : 0;
  const filled = Math.round(share * BAR_COLUMNS);
  return `[${'#'.repeat(filled)}${'-'.repeat(BAR_COLUMNS - filled)}] ${String(Math.floor(share * 100)).padStart(3)} %`;
}
