/** One option of a verb: what it takes, what it says in --help, how its text becomes a value. `read` throws a few words on bad text. */
export interface Option<T> {
  /** What stands behind it in --help; absent for a flag. */
  readonly takes?: string;
  /** Takes all following words up to the next option. */
  readonly many?: boolean;
  readonly help: string;
  readonly fallback: T;
  read(words: readonly string[]): T;
}

export type Options = Readonly<Record<string, Option<unknown>>>;

export const flag = (help: string): Option<boolean> => ({ help, fallback: false, read: () => true });

export const text = (takes: string, help: string): Option<string | undefined> => ({
  takes,
  help,
  fallback: undefined,
  read: ([word]) => word,
});

export function choice<const V extends string>(values: readonly V[], fallback: V, help: string): Option<V> {
  const read = ([word]: readonly string[]): V => {
    const value = values.find((candidate) => candidate === word);
    if (value === undefined) throw new Error(`must be one of ${values.join(', ')}`);
    return value;
  };
  return { takes: values.join('|'), help: `${help} (default ${fallback})`, fallback, read };
}

/** One of these, or nothing. */
export function oneOf<const V extends string>(values: readonly V[], help: string): Option<V | undefined> {
  const { read } = choice(values, values[0]!, help);
  return { takes: values.join('|'), help, fallback: undefined, read };
}

export function integer(
  { min, max, fallback }: { min: number; max: number; fallback: number },
  takes: string,
  help: string,
): Option<number> {
  const read = ([word]: readonly string[]): number => {
    const value = /^\d+$/.test(word ?? '') ? Number(word) : Number.NaN;
    if (!(value >= min && value <= max)) throw new Error(`must be a whole number from ${min} to ${max}`);
    return value;
  };
  return { takes, help: `${help} (default ${fallback})`, fallback, read };
}

/** Names separated by commas or blanks. */
export const names = (takes: string, help: string): Option<string[] | undefined> => ({
  takes,
  many: true,
  help,
  fallback: undefined,
  read: (words) => {
    const found = words.flatMap((word) => word.split(',')).filter((name) => name !== '');
    if (found.length === 0) throw new Error('names nothing');
    return found;
  },
});

/** A JSON object with text values. */
export const mapping = (takes: string, help: string): Option<Record<string, string> | undefined> => ({
  takes,
  help,
  fallback: undefined,
  read: ([word]) => {
    const value = parseJson(word ?? '');
    if (!isMapping(value)) throw new Error('must be a JSON object of names, such as {"old": "new"}');
    return value;
  },
});

function parseJson(word: string): unknown {
  try {
    return JSON.parse(word);
  } catch {
    return undefined;
  }
}

function isMapping(value: unknown): value is Record<string, string> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every((item) => typeof item === 'string')
  );
}

/** A point in time with its zone; @returns ISO 8601 in UTC. */
export const time = (takes: string, help: string): Option<string | undefined> => ({
  takes,
  help,
  fallback: undefined,
  read: ([word]) => {
    const ms = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:?\d{2}))?$/.test(word ?? '') ? Date.parse(word!) : Number.NaN;
    if (Number.isNaN(ms)) throw new Error('must be a time such as 2026-01-31T12:00:00Z, or a day (its beginning, UTC)');
    return new Date(ms).toISOString();
  },
});

/** '5%' or '5'. */
export const percent = (takes: string, help: string): Option<number | undefined> => ({
  takes,
  help,
  fallback: undefined,
  read: ([word]) => {
    const value = /^\d+(\.\d+)?%?$/.test(word ?? '') ? Number.parseFloat(word!) : Number.NaN;
    if (!(value > 0 && value <= 100)) throw new Error('must be a share from above 0% to 100%');
    return value;
  },
});
