import { everywhere, globals } from './globals.ts';
import type { Options } from './option.ts';
import { optionName } from './parse.ts';
import type { Verb } from './verb.ts';

const INTRO = 'dr: back up Deep Lake data sets, and get them back.';

const END = `Environment:
  DR_URL, DR_API_KEY                    the gateway and its key (default: DR_HOME/credentials.json)
  DR_HOME                               state of a local house (default: .dr in the checkout)
  BACKUP_PASSPHRASE, …_FILE, …_COMMAND  the repository's passphrase, with --repo

Exit codes: 0 ok, 1 failed, 2 usage, 3 partial, 4 not found, 5 refused, 130 interrupted.
`;

/** Help of the whole program. */
export function programHelp(verbs: readonly Verb[]): string {
  const rows = verbs.map((verb): [string, string] => [verb.usage, verb.summary]);
  const offline = verbs.filter((verb) => verb.offline).map((verb) => verb.word);
  return [
    INTRO,
    section('Usage: dr <command> [options]', rows),
    `Without any service, with nothing but the storage and the passphrase:\n  dr --repo URI ${offline.join('|')}\n`,
    section('Options of every command:', optionRows(globals)),
    END,
  ]
    .join('\n\n')
    .replace(/\n{3,}/g, '\n\n');
}

/** Help of one verb. */
export function verbHelp(verb: Verb): string {
  const options = Object.keys(verb.options).length > 0 ? [section('Options:', optionRows(verb.options))] : [];
  return [
    `Usage: dr ${verb.usage}${options.length > 0 ? ' [options]' : ''}`,
    `${verb.summary}.${verb.offline ? ' Works with --repo URI, too.' : ''}`,
    ...(verb.about ? [verb.about] : []),
    ...options,
    section('Options of every command:', optionRows(everywhere)),
  ]
    .join('\n\n')
    .concat('\n');
}

function optionRows(options: Options): [string, string][] {
  return Object.entries(options).map(([key, { takes, help }]) => [takes ? `${optionName(key)} ${takes}` : optionName(key), help]);
}

function section(title: string, rows: readonly (readonly [string, string])[]): string {
  const width = Math.min(34, Math.max(...rows.map(([left]) => left.length)));
  const line = ([left, right]: readonly [string, string]): string =>
    left.length <= width ? `  ${left.padEnd(width)}  ${right}` : `  ${left}\n  ${' '.repeat(width)}  ${right}`;
  return [title, ...rows.map(line)].join('\n');
}
