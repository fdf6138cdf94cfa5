import { UsageError } from '../errors.ts';
import { everywhere, type Globals, globals } from './globals.ts';
import type { Option, Options } from './option.ts';
import type { Verb } from './verb.ts';

export const optionName = (key: string): string => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

interface Read {
  values: Record<string, unknown>;
  words: string[];
}

/** What can be known before the verb is loaded: the global options in front of it, and its word. @throws UsageError. */
export function splitVerb(argv: readonly string[]): { word: string | undefined; rest: string[]; globals: Globals } {
  const first = readWords(argv, globals, undefined, true);
  const [word, ...rest] = first.words;
  return { word, rest, globals: { ...fallbacks(globals), ...first.values } as unknown as Globals };
}

/** Arguments of a verb by name, global options among them. @throws UsageError. */
export function parseVerb(verb: Verb, argv: readonly string[]): { args: Record<string, unknown>; globals: Partial<Globals> } {
  const all = { ...everywhere, ...verb.options };
  const { values, words } = readWords(argv, all, verb.words, false);
  const given = (keys: Options): Record<string, unknown> => Object.fromEntries(Object.entries(values).filter(([key]) => key in keys));
  if (values['help']) return { args: {}, globals: { help: true } };
  return { args: { ...fallbacks(verb.options), ...given(verb.options), ...positionalsOf(verb, words) }, globals: given(everywhere) };
}

function fallbacks(options: Options): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).map(([key, option]) => [key, option.fallback]));
}

function positionalsOf({ words: verb, positionals }: Verb, words: readonly string[]): Record<string, string> {
  const missing = positionals.slice(words.length).find(({ required }) => required);
  if (missing) throw new UsageError(`${missing.name.toUpperCase()} is missing.`, verb);
  if (words.length > positionals.length) throw new UsageError(`"${words[positionals.length]}" is one word too many.`, verb);
  return Object.fromEntries(words.map((value, i) => [positionals[i]!.name, value]));
}

/** `untilWord`: everything from the first word that is no option is left as it is. */
function readWords(argv: readonly string[], options: Options, verb: string | undefined, untilWord: boolean): Read {
  const byName = new Map(Object.entries(options).map(([key, option]) => [optionName(key), { key, option }]));
  const read: Read = { values: {}, words: [] };
  for (let i = 0; i < argv.length; ) {
    const word = argv[i]!;
    if (word === '--' || (untilWord && !isOption(word))) {
      read.words.push(...argv.slice(word === '--' ? i + 1 : i));
      break;
    }
    i++;
    if (isOption(word)) i += readOption(word, argv.slice(i), byName, read.values, verb);
    else read.words.push(word);
  }
  return read;
}

const isOption = (word: string): boolean => word.startsWith('-') && word !== '-';

type ByName = Map<string, { key: string; option: Option<unknown> }>;

/** Reads one option; @returns how many of the following words it took. */
function readOption(word: string, following: readonly string[], byName: ByName, values: Record<string, unknown>, verb?: string): number {
  const equals = word.indexOf('=');
  const name = word === '-h' ? '--help' : equals < 0 ? word : word.slice(0, equals);
  const found = byName.get(name);
  if (!found) throw new UsageError(`There is no option ${name}.${closest(name, byName)}`, verb);
  const { key, option } = found;
  if (key in values) throw new UsageError(`${name} is given twice.`, verb);
  const words = equals >= 0 ? [word.slice(equals + 1)] : wordsFor(option, following);
  if (option.takes === undefined && equals >= 0) throw new UsageError(`${name} takes no value.`, verb);
  if (option.takes !== undefined && words.length === 0) throw new UsageError(`${name} needs ${option.takes}.`, verb);
  try {
    values[key] = option.read(words);
  } catch (cause) {
    throw new UsageError(`${name} ${words.join(' ')}: ${(cause as Error).message}.`, verb);
  }
  return equals >= 0 ? 0 : words.length;
}

function wordsFor({ takes, many }: Option<unknown>, following: readonly string[]): readonly string[] {
  if (takes === undefined) return [];
  if (!many) return following.slice(0, 1);
  const end = following.findIndex(isOption);
  return end < 0 ? following : following.slice(0, end);
}

/** ' Did you mean --x?' for a name that shares its beginning or most of its letters. */
function closest(name: string, byName: ByName): string {
  const candidates = [...byName.keys()].filter((other) => distance(name, other) <= 3);
  const [best] = candidates.sort((a, b) => distance(name, a) - distance(name, b));
  return best === undefined ? '' : ` Did you mean ${best}?`;
}

/** Levenshtein's: letters to change, add or drop. */
export function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}
