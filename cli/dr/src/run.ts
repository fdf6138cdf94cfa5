import { DrError, reason } from '@dr/storage';
import { contextFor, type Machine } from './context.ts';
import { ApiProblem, UsageError } from './errors.ts';
import { EXIT, exitCodeOf } from './exit-code.ts';
import { findVerb } from './verb/find-verb.ts';
import type { Globals } from './verb/globals.ts';
import { parseVerb, splitVerb } from './verb/parse.ts';
import type { Verb } from './verb/verb.ts';
import { verbs } from './verbs/index.ts';

const allVerbs = (): Promise<Verb[]> => Promise.all(Object.values(verbs).map((load) => load()));

/** The command line without the process around it. @returns the exit code; never throws. */
export async function run(argv: readonly string[], machine: Machine): Promise<number> {
  try {
    const { word, rest, globals } = splitVerb(argv);
    if (globals.version) return await version(machine, globals.json || rest.includes('--json'));
    if (word === undefined) return await help([], machine, !globals.help);
    if (word === 'help' || globals.help) return await help(word === 'help' ? rest : [word, ...rest], machine, false);
    const found = await findVerb([word, ...rest]);
    if ('group' in found) return await help([word], machine, !rest.some((w) => w === '--help' || w === '-h'));
    const { args, globals: late } = parseVerb(found.verb, found.rest);
    return await runVerb(found.verb, args, { ...globals, ...late }, machine);
  } catch (error) {
    return fail(error, argv.includes('--json'), machine);
  }
}

async function runVerb(verb: Verb, args: Record<string, unknown>, globals: Globals, machine: Machine): Promise<number> {
  if (globals.help) return help(verb.words.split(' '), machine, false);
  if (globals.repo !== undefined && !verb.offline) {
    throw new UsageError(`dr ${verb.words} needs the gateway, so it cannot be used with --repo.`, verb.words);
  }
  const context = contextFor(machine, globals, verb.words, allVerbs);
  try {
    return (await verb.run(args, context)) ?? EXIT.ok;
  } finally {
    await context.close();
  }
}

/** Of the program, of a group of verbs, or of one. Asked for by nobody it is an error of usage, on stderr. */
async function help(words: readonly string[], machine: Machine, asError: boolean): Promise<number> {
  const { groupHelp, programHelp, verbHelp } = await import('./verb/help.ts');
  const found = words.length > 0 ? await findVerb(words) : { program: await allVerbs() };
  const text =
    'program' in found ? programHelp(found.program) : 'group' in found ? groupHelp(words[0]!, found.group) : verbHelp(found.verb);
  if (!asError) return tell(machine, text.trimEnd());
  machine.stderr(text);
  return EXIT.usage;
}

async function version(machine: Machine, json: boolean): Promise<number> {
  const { VERSION } = await import('./version.ts');
  return tell(machine, json ? JSON.stringify({ version: VERSION.replace(/^dr /, '') }) : VERSION);
}

function tell(machine: Machine, text: string): number {
  machine.stdout(`${text}\n`);
  return EXIT.ok;
}

/** The one place where errors are shown. With --json as one JSON object, on stderr as well. */
function fail(error: unknown, json: boolean, machine: Machine): number {
  const code = machine.signal.aborted ? EXIT.interrupted : exitCodeOf(error);
  machine.stderr(`${json ? JSON.stringify({ error: errorObject(error, code) }) : `dr: ${messageOf(error)}`}\n`);
  return code;
}

function messageOf(error: unknown): string {
  const known = error instanceof DrError || typeof Object(error).code === 'string';
  return known ? Object(error).message : `something unexpected went wrong: ${reason(error)}\n${Object(error).stack ?? ''}`;
}

function errorObject(error: unknown, exit_code: number): object {
  if (error instanceof ApiProblem) return { ...error.problem, code: error.code, status: error.status, message: error.message, exit_code };
  const { code, details } = Object(error) as { code?: string; details?: object };
  return { code: code ?? 'internal', message: messageOf(error), exit_code, ...(details && { details }) };
}
