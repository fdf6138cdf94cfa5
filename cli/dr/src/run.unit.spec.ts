import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dr } from './testing/terminal.ts';
import { verbs } from './verbs/index.ts';

/** What the help says in full is in docs/cli.md, which a test keeps equal: a change of it is a change of the contract. */
const [HELP, ...VERBS] = [...readFileSync(join(import.meta.dirname, '../../../docs/cli.md'), 'utf8').matchAll(/```text\n([^`]*)```/g)].map(
  ([, text]) => text!,
);
const CREATE = VERBS.find((text) => text.startsWith('Usage: dr create'))!;

test.each([['--help'], ['help'], ['-h'], ['--json', '--help']])('dr %s is the whole help', async (...argv) => {
  expect(await dr(argv)).toEqual({ code: 0, stdout: HELP, stderr: '' });
});

test('dr alone is the help as an error of usage', async () => {
  expect(await dr([])).toEqual({ code: 2, stdout: '', stderr: HELP });
});

test.each([[['create', '--help']], [['help', 'create']], [['--help', 'create']]])('%j is the help of one verb', async (argv) => {
  const { code, stdout, stderr } = await dr(argv);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const part of CREATE.split('\n\n')) expect(stdout).toContain(part.trimEnd());
  expect(stdout).toContain('Options of every command:');
});

test('every verb has help, is known by its own word, and says whether it works without a service', async () => {
  for (const [word, load] of Object.entries(verbs)) {
    const verb = await load();
    expect(verb.words).toBe(word);
    const { code, stdout } = await dr([...word.split(' '), '--help']);
    expect(code).toBe(0);
    expect(stdout.startsWith(`Usage: dr ${verb.usage}`)).toBe(true);
    expect(stdout.includes('Works with --repo')).toBe(verb.offline);
  }
});

test.each([
  [['lits'], 'There is no command "lits". Did you mean list?'],
  [['xyzzy'], 'There is no command "xyzzy". See: dr --help'],
  [['constructor'], 'There is no command "constructor".'],
  [['list', '--limit', '0'], 'must be a whole number from 1'],
  [['--limit', '3', 'list'], 'There is no option --limit.'],
  [['show'], 'ID is missing. See: dr show --help'],
])('%j is an error of usage', async (argv, words) => {
  const ran = await dr(argv);
  expect(ran).toMatchObject({ code: 2, stdout: '' });
  expect(ran.stderr).toContain(words);
});

test('errors are JSON where JSON was asked for, on stderr', async () => {
  const ran = await dr(['show', '--json']);
  expect(ran.stdout).toBe('');
  expect(JSON.parse(ran.stderr)).toEqual({ error: { code: 'cli.usage', message: expect.stringContaining('ID is missing'), exit_code: 2 } });
});

test('the version is told', async () => {
  expect((await dr(['--version'])).stdout).toMatch(/^dr \d+\.\d+\.\d+\n$/);
});

test('what nobody expected is shown with its stack, and has failed', async () => {
  const stdout = (): never => {
    throw new TypeError('a defect');
  };
  const ran = await dr(['--version'], { stdout });
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(/^dr: something unexpected went wrong: a defect\nTypeError: a defect\n +at /);
});
