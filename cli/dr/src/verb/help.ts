import { notBuilt } from '../verbs/index.ts';
import { everywhere, globals } from './globals.ts';
import type { Options } from './option.ts';
import { optionName } from './parse.ts';
import type { Verb } from './verb.ts';

const INTRO = 'dr: back up Deep Lake data sets, and get them back.';

export const ENVIRONMENT = `Environment:
  DR_URL, DR_API_KEY                    the gateway and its key (default: DR_HOME/credentials.json)
  DR_HOME                               state of a local house (default: .dr in the checkout)
  BACKUP_PASSPHRASE, …_FILE, …_COMMAND  the repository's passphrase, with --repo`;

export const EXIT_CODES = 'Exit codes: 0 ok, 1 failed, 2 usage, 3 partial, 4 not found, 5 refused, 130 interrupted.';

/** Help of the whole program. */
export function programHelp(verbs: readonly Verb[]): string {
  const offline = verbs.filter((verb) => verb.offline).map((verb) => verb.words);
  return paragraphs(
    INTRO,
    section('Usage: dr <command> [options]', verbs.map(row)),
    `Without any service, with nothing but the storage and the passphrase:\n  dr --repo URI ${offline.join('|')}`,
    section('Options of every command:', optionRows(globals)),
    ENVIRONMENT,
    EXIT_CODES,
    `Not built in this version: ${Object.keys(notBuilt).join(', ')}.`,
    'More of one command, with examples: dr <command> --help',
  );
}

/** Help of verbs with the same first word. */
export function groupHelp(word: string, verbs: readonly Verb[]): string {
  return paragraphs(section(`Usage: dr ${word} <command> [options]`, verbs.map(row)), `More of one: dr ${verbs[0]!.words} --help`);
}

/** Help of one verb; `whole`: with the options that every verb has. */
export function verbHelp(verb: Verb, whole = true): string {
  const own = Object.keys(verb.options).length > 0;
  return paragraphs(
    `Usage: dr ${verb.usage}${own ? ' [options]' : ''}`,
    `${verb.summary}.${verb.offline ? ' Works with --repo URI, too.' : ''}`,
    verb.about,
    own ? section('Options:', optionRows(verb.options)) : undefined,
    whole ? section('Options of every command:', optionRows(everywhere)) : undefined,
    ['Examples:', ...verb.examples.map(([line, does]) => `  # ${does}\n  ${line}`)].join('\n'),
  );
}

export function optionRows(options: Options): [string, string][] {
  return Object.entries(options).map(([key, { takes, help }]) => [takes ? `${optionName(key)} ${takes}` : optionName(key), help]);
}

const row = (verb: Verb): [string, string] => [verb.usage, verb.summary];

const paragraphs = (...texts: (string | undefined)[]): string => `${texts.filter((text) => text !== undefined).join('\n\n')}\n`;

function section(title: string, rows: readonly (readonly [string, string])[]): string {
  const width = Math.min(34, Math.max(...rows.map(([left]) => left.length)));
  const line = ([left, right]: readonly [string, string]): string =>
    left.length <= width ? `  ${left.padEnd(width)}  ${right}` : `  ${left}\n  ${' '.repeat(width)}  ${right}`;
  return [title, ...rows.map(line)].join('\n');
}
