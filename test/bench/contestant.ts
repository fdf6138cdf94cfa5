/** One engine in the benchmark: how it does each step, as a command of its own. */
export interface Contestant {
  readonly name: string;
  readonly version: string;
  /** Makes an empty repository; not measured. */
  init(place: Place): Command[];
  /** The n-th backup (from 0) of `source`. */
  backUp(place: Place, source: string, n: number): Command;
  /** Brings the newest backup, the n-th, back into the empty folder `target`. */
  restore(place: Place, source: string, n: number, target: string): Command;
  /** Where the tree that was `source` lies in `target` after a restore. */
  restoredAt(source: string, target: string): string;
  /** Reads and checks every byte of the repository. */
  verify(place: Place): Command;
}

/** What belongs to one contestant in one round. Both folders exist and are empty at first. */
export interface Place {
  readonly repository: string;
  /** For configuration and caches. */
  readonly state: string;
}

export interface Command {
  readonly argv: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export const PASSPHRASE = 'a passphrase of the benchmark';
