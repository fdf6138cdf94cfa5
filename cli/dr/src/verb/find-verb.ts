import { NotBuilt, UsageError } from '../errors.ts';
import { printable } from '../output/table.ts';
import { notBuilt, verbs } from '../verbs/index.ts';
import { distance } from './parse.ts';
import type { Verb } from './verb.ts';

/** A verb and the words behind it; or, where only the first of two words stands, those of its group. */
export type Found = { readonly verb: Verb; readonly rest: readonly string[] } | { readonly group: readonly Verb[] };

/** @throws UsageError for an unknown verb, with the nearest one; NotBuilt for one of a later version. */
export async function findVerb(words: readonly string[]): Promise<Found> {
  const [first = '', second = ''] = words;
  const alone = verbNamed(first);
  if (alone) return { verb: await alone(), rest: words.slice(1) };
  const inGroup = Object.keys(verbs).filter((name) => name.startsWith(`${first} `));
  if (inGroup.length === 0) throw unknown(first, Object.keys(verbs));
  if (second === '' || second.startsWith('-')) return { group: await Promise.all(inGroup.map((name) => verbs[name]!())) };
  const both = verbNamed(`${first} ${second}`);
  if (both) return { verb: await both(), rest: words.slice(2) };
  throw unknown(`${first} ${second}`, inGroup);
}

const verbNamed = (name: string): (() => Promise<Verb>) | undefined => (Object.hasOwn(verbs, name) ? verbs[name] : undefined);

function unknown(words: string, known: readonly string[]): UsageError | NotBuilt {
  if (Object.hasOwn(notBuilt, words)) return new NotBuilt(`dr ${words}`, notBuilt[words]!);
  const near = known.find((name) => distance(words, name) <= 2) ?? known.find((name) => distance(words, name.split(' ')[0]!) <= 2);
  return new UsageError(`There is no command "${printable(words)}".${near ? ` Did you mean ${near}?` : ''}`);
}
