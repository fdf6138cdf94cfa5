/** The completion scripts in the shells themselves, as far as they are on this machine. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dr } from '../testing/terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'dr-completion-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const has = (shell: string): boolean => spawnSync(shell, ['-c', 'exit 0']).status === 0;
const shell = (name: string, script: string) => spawnSync(name, ['-c', script], { encoding: 'utf8', cwd: folder });

/** What bash offers behind these words; the last one is being typed. */
function offered(script: string, words: readonly string[]): string[] {
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const { stdout, stderr } = shell(
    'bash',
    `source ${script}; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _dr; printf '%s\\n' "\${COMPREPLY[@]}"`,
  );
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

const CASES: readonly (readonly [words: string[], some: string[], none: string[]])[] = [
  [
    ['dr', ''],
    ['create', 'api-keys', 'config', '--repo'],
    ['show-nothing', 'revoke'],
  ],
  [['dr', 'cr'], ['create'], ['list']],
  [['dr', 'create', '--t'], ['--type', '--tenant-id'], ['--target']],
  [['dr', 'create', '--type', ''], ['full', 'incremental', 'differential', 'snapshot'], ['--json']],
  [['dr', 'create', '--type', 'full', '--tenant-id', 'acme', '--no'], ['--no-wait'], []],
  [['dr', 'restore', 'backup_1', '--over'], ['--overwrite'], []],
  [
    ['dr', 'api-keys', ''],
    ['create', 'list', 'revoke'],
    ['config', 'delete'],
  ],
  [['dr', 'api-keys', 'create', '--sc'], ['--scopes'], []],
  [['dr', 'api-keys', 'list', ''], ['--json'], ['--scopes', 'revoke']],
  [['dr', 'completion', ''], ['bash', 'zsh', 'fish'], ['create']],
  [['dr', '--json', 'verify', '--l'], ['--level'], []],
  [['dr', 'list', '--tenant-id', ''], [], ['--json', 'create']],
];

const inBash = has('bash') ? describe : describe.skip;
inBash('bash', () => {
  const script = join(folder, 'dr.bash');
  beforeAll(async () => writeFileSync(script, (await dr(['completion', 'bash'])).stdout));

  test.each(CASES)('%j', (words, some, none) => {
    const found = offered(script, words);
    expect(some.filter((word) => !found.includes(word))).toEqual([]);
    expect(none.filter((word) => found.includes(word))).toEqual([]);
  });

  test('files where a file is meant', () => {
    writeFileSync(join(folder, 'passphrase.txt'), '');
    expect(offered(script, ['dr', '--passphrase-file', 'passph'])).toEqual(['passphrase.txt']);
  });
});

for (const name of ['zsh', 'fish'] as const) {
  (has(name) ? test : test.skip)(`${name} takes its script`, async () => {
    const file = join(folder, `dr.${name}`);
    writeFileSync(file, (await dr(['completion', name])).stdout);
    expect(spawnSync(name, ['-n', file], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    const load =
      name === 'zsh' ? `autoload -Uz compinit; compinit -D; source ${file}; whence _dr` : `source ${file}; complete -C 'dr api-keys '`;
    const { status, stdout } = shell(name, load);
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining(name === 'zsh' ? '_dr' : 'revoke') });
  });
}

test('each script names every verb and option, and closes what it opens', async () => {
  for (const name of ['bash', 'zsh', 'fish']) {
    const { stdout } = await dr(['completion', name]);
    for (const word of ['create', 'undelete', 'passphrase-file', 'keep-torn-head', 'revoke'])
      expect([name, stdout.includes(word)]).toEqual([name, true]);
    expect([name, (stdout.match(/(?<!\\)'/g) ?? []).length % 2]).toEqual([name, 0]);
  }
});

test('another shell is an error of usage', async () => {
  expect(await dr(['completion', 'tcsh'])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('use bash, zsh, fish') });
  expect(JSON.parse((await dr(['completion', 'bash', '--json'])).stdout)).toEqual({
    shell: 'bash',
    script: expect.stringContaining('complete -F _dr dr'),
  });
});
