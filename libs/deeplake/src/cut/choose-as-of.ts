/** A data set of a backup that cannot be cut to the moment, and why. `code` is that of the error. */
export interface Unreached {
  readonly datasetId: string;
  readonly code: string;
  readonly message: string;
}

export interface AsOfQuestion<B> {
  /** Backups that were begun at or after the moment, oldest first. Only the first few are looked at. */
  readonly after: Iterable<B>;
  /** The newest that was begun before it. */
  readonly before: () => Promise<B | undefined>;
  /** What of a backup would be restored. */
  readonly datasetsOf: (backup: B) => readonly string[];
  readonly unreached: (backup: B) => Promise<readonly Unreached[]>;
  /** The data sets were named, so each of them is wanted. */
  readonly named: boolean;
}

/** `cut`: the backup is from after the moment, so its data sets are cut to it. `without`: data sets that did not exist at the moment. */
export type AsOfChoice<B> =
  | { readonly backup: B; readonly cut: boolean; readonly without: readonly Unreached[] }
  | { readonly backup: undefined; readonly why: readonly Unreached[] };

const LOOKED_AT_MAX = 8;

/**
 * Which backup gives data sets as they were at a moment: the oldest from after it whose histories reach back to it, else the newest from before,
 * as it was captured. A data set that began later, and that the newest backup from before does not hold either, did not exist: it is left out,
 * unless it was named.
 */
export async function chooseAsOf<B>(question: AsOfQuestion<B>): Promise<AsOfChoice<B>> {
  const { after, datasetsOf, unreached, named } = question;
  const before = once(question.before);
  let why: readonly Unreached[] | undefined;
  for (const backup of first(after, LOOKED_AT_MAX)) {
    const lost = await unreached(backup);
    if (lost.length === 0) return { backup, cut: true, without: [] };
    why ??= lost;
    if (named || lost.length === datasetsOf(backup).length || lost.some(({ code }) => code !== 'restore.version_not_reached')) continue;
    const known = await before();
    const held = new Set(known === undefined ? [] : datasetsOf(known));
    if (!lost.some(({ datasetId }) => held.has(datasetId))) return { backup, cut: true, without: lost };
  }
  const earlier = await before();
  return earlier === undefined ? { backup: undefined, why: why ?? [] } : { backup: earlier, cut: false, without: [] };
}

function* first<T>(items: Iterable<T>, most: number): Generator<T> {
  let given = 0;
  for (const item of items) {
    if (given++ === most) return;
    yield item;
  }
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => {
    asked ??= ask();
    return asked;
  };
}
