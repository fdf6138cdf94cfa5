import { DrError, reason } from '@dr/storage';
import { contextFor, type Machine } from './context.ts';
import { ApiProblem, UsageError } from './errors.ts';
import { EXIT, exitCodeOf } from './exit-code.ts';
import { printable } from './output/table.ts';
import type { Globals } from './verb/globals.ts';
import { distance, parseVerb, splitVerb } from './verb/parse.ts';
import type { Verb } from './verb/verb.ts';
import { verbs } from './verbs/index.ts';

/** The command line without the process around it. @returns the exit code; never throws. */
export async function run(argv: readonly string[], machine: Machine): Promise<number> {
  try {
    const { word, rest, globals } = splitVerb(argv);
    if (globals.version) return tell(machine, (await import('./version.ts')).VERSION);
    if (word === undefined || word === 'help') return await help(rest, machine, word === undefined && !globals.help);
    const verb = await verbNamed(word);
    const { args, globals: late } = parseVerb(verb, rest);
    return await runVerb(verb, args, { ...globals, ...late }, machine);
  } catch (error) {
    return fail(error, argv.includes('--json'), machine);
  }
}

async function runVerb(verb: Verb, args: Record<string, unknown>, globals: Globals, machine: Machine): Promise<number> {
  if (globals.help) return help([verb.word], machine, false);
  const context = contextFor(machine, globals, verb.word);
  try {
    return (await verb.run(args, context)) ?? EXIT.ok;
  } finally {
    await context.close();
  }
}

/** @throws UsageError for an unknown verb, with the nearest one. */
async function verbNamed(word: string): Promise<Verb> {
  const load = Object.hasOwn(verbs, word) ? verbs[word] : undefined;
  if (load) return load();
  const near = Object.keys(verbs).filter((name) => distance(word, name) <= 2);
  throw new UsageError(`There is no command "${printable(word)}".${near.length > 0 ? ` Did you mean ${near[0]}?` : ''}`);
}

/** Called without anything it is an error of usage, on stderr. */
async function help([word]: readonly string[], machine: Machine, asError: boolean): Promise<number> {
  const { programHelp, verbHelp } = await import('./verb/help.ts');
  if (word !== undefined) return tell(machine, verbHelp(await verbNamed(word)).trimEnd());
  const text = programHelp(await Promise.all(Object.values(verbs).map((load) => load())));
  if (!asError) return tell(machine, text.trimEnd());
  machine.stderr(text);
  return EXIT.usage;
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
