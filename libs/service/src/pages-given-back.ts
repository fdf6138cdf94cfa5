import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Below it a service is left alone. */
const FLOOR_BYTES = 200 * 1024 * 1024;
/** More than what a collection left has to come together before the next one. */
const STEP_BYTES = 16 * 1024 * 1024;
/** Of its time a service spends at most a fiftieth with it: a large heap, which takes long, is collected seldom. */
const REST = 50;
const LOOK_EVERY_MS = 250;

export interface PagesOf {
  /** Resident bytes of the process. */
  resident(): number;
  /** Collects, and gives back what V8 keeps of the pages. */
  collect(): void;
  /** A clock in milliseconds. */
  clock(): number;
}

/**
 * V8 keeps every page that its heap ever had for the next time it grows: 35 MB after one large data set was checked, for as long as the process has
 * work to do. A collection of the last resort gives them back.
 */
export class PagesGivenBack {
  readonly #pages: PagesOf;
  #from = FLOOR_BYTES;
  #notBefore = 0;

  constructor(pages: PagesOf) {
    this.#pages = pages;
  }

  /** Called again and again. */
  look(): void {
    const resident = this.#pages.resident();
    this.#from = Math.max(FLOOR_BYTES, Math.min(this.#from, resident + STEP_BYTES));
    const begun = this.#pages.clock();
    if (resident < this.#from || begun < this.#notBefore) return;
    this.#pages.collect();
    const ended = this.#pages.clock();
    this.#notBefore = ended + REST * (ended - begun);
    this.#from = Math.max(FLOOR_BYTES, this.#pages.resident() + STEP_BYTES);
  }
}

/** Looks after this process until it ends. */
export function startGivingPagesBack(): void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as (options: object) => void;
  const pages = new PagesGivenBack({
    resident: () => process.memoryUsage.rss(),
    collect: () => gc({ type: 'major', flavor: 'last-resort' }),
    clock: () => performance.now(),
  });
  setInterval(() => pages.look(), LOOK_EVERY_MS).unref();
}
