import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ConfigProblem, PassphraseUnavailable } from './errors.ts';
import { isWithin } from './paths.ts';
import { splitCommand } from './split-command.ts';
import { type Environment, systemEnvironment, systemReadFile } from './system.ts';

/**
 * Where the repository's passphrase comes from. `home` is the file that the first start writes for a new repository under DR_HOME;
 * `missing` is a problem for whoever opens a repository, and no problem for the others.
 */
export type PassphraseSource =
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'home'; readonly path: string }
  | { readonly kind: 'command'; readonly argv: readonly string[] }
  | { readonly kind: 'missing' };

export interface PassphraseValues {
  readonly value: string | undefined;
  readonly file: string | undefined;
  readonly command: string | undefined;
}

/** The one source that is meant; more than one is a problem, because a wrong guess looks like a wrong passphrase. */
export function passphraseSource(
  values: PassphraseValues,
  where: { home: string; repository: string; fileByFlag: boolean; problems: ConfigProblem[] },
): PassphraseSource {
  if (where.fileByFlag && values.file !== undefined) return { kind: 'file', path: values.file };
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  if (given.length > 1) {
    const message = 'give only one of BACKUP_PASSPHRASE, BACKUP_PASSPHRASE_FILE and BACKUP_PASSPHRASE_COMMAND';
    where.problems.push({ key: 'BACKUP_PASSPHRASE', message });
  }
  if (values.value !== undefined) return { kind: 'value', value: values.value };
  if (values.file !== undefined) return { kind: 'file', path: values.file };
  if (values.command !== undefined) return commandSource(values.command, where.problems);
  return isWithin(where.repository, where.home) ? { kind: 'home', path: join(where.home, 'passphrase') } : { kind: 'missing' };
}

function commandSource(command: string, problems: ConfigProblem[]): PassphraseSource {
  const argv = splitCommand(command);
  if (argv !== undefined) return { kind: 'command', argv };
  const message =
    'has an unclosed quote or no command; give words as a shell would read them, or a JSON array such as ["pass", "show", "dr"]';
  problems.push({ key: 'BACKUP_PASSPHRASE_COMMAND', message });
  return { kind: 'missing' };
}

/** What a passphrase command gets to see of our environment: enough to run, nothing of ours. */
const PASSED_ON = [
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'GNUPGHOME',
  'GPG_TTY',
  'DBUS_SESSION_BUS_ADDRESS',
];

/** Lines above the passphrase that begin with # are words for people, as in the file that the first start makes. */
const withoutWords = (text: string): string => text.replace(/^(?:#[^\n]*\n)+(?=[^\n])/, '');

/**
 * Reads the passphrase; one line break at its end is not part of it, nor are lines above it that begin with #.
 * @throws PassphraseUnavailable when there is none, its file cannot be read, or its command fails, takes over a minute, or says nothing.
 */
export async function readPassphrase(
  source: PassphraseSource,
  system: { readFile?: (path: string) => string; env?: Environment } = {},
): Promise<string> {
  const passphrase = withoutWords((await passphraseText(source, system)).replace(/\r?\n$/, ''));
  if (passphrase === '') throw new PassphraseUnavailable(`The passphrase from ${nameOf(source)} is empty.`);
  return passphrase;
}

async function passphraseText(
  source: PassphraseSource,
  { readFile = systemReadFile, env = systemEnvironment() }: { readFile?: (path: string) => string; env?: Environment },
) {
  switch (source.kind) {
    case 'value':
      return source.value;
    case 'file':
    case 'home':
      return readPassphraseFile(source, readFile);
    case 'command':
      return runPassphraseCommand(source.argv, env);
    case 'missing':
      throw new PassphraseUnavailable(
        'The repository needs its passphrase. Set BACKUP_PASSPHRASE_FILE, BACKUP_PASSPHRASE or BACKUP_PASSPHRASE_COMMAND.',
      );
  }
}

function readPassphraseFile(source: PassphraseSource & { path: string }, readFile: (path: string) => string): string {
  try {
    return readFile(source.path);
  } catch (cause) {
    throw new PassphraseUnavailable(`The passphrase cannot be read from ${nameOf(source)}: ${(cause as Error).message}.`, { cause });
  }
}

async function runPassphraseCommand(argv: readonly string[], env: Environment): Promise<string> {
  const [command, ...args] = argv;
  const cut = Object.fromEntries(PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
  try {
    const { stdout } = await promisify(execFile)(command!, args, { env: cut, timeout: 60_000, maxBuffer: 64 * 1024, shell: false });
    return stdout;
  } catch (error) {
    const { code, stderr } = error as { code?: string | number; stderr?: string };
    const said = stderr?.trim() ? `; it said: ${stderr.trim().slice(-300)}` : '';
    throw new PassphraseUnavailable(
      `The command ${command} of BACKUP_PASSPHRASE_COMMAND failed (${code ?? 'stopped after a minute'})${said}.`,
    );
  }
}

function nameOf(source: PassphraseSource): string {
  if (source.kind === 'file') return `${source.path} (BACKUP_PASSPHRASE_FILE)`;
  if (source.kind === 'home') return source.path;
  return source.kind === 'command' ? 'BACKUP_PASSPHRASE_COMMAND' : 'BACKUP_PASSPHRASE';
}
