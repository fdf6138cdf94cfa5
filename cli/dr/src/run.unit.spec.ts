import { dr } from './testing/terminal.ts';
import { verbs } from './verbs/index.ts';

/** The help is a promise to users: a change of it is a change of the contract, so it stands here in full. */
const HELP = `dr: back up Deep Lake data sets, and get them back.

Usage: dr <command> [options]
  create                Back up data sets
  list                  List backups, newest first
  status <id>           Tell in one line how a backup stands
  show <id>             Show a backup with its data sets and findings
  contents <id> [path]  List the files in a backup
  restore <id>          Bring data sets back from a backup (ID or latest)
  verify [id]           Check that a backup can be restored
  test                  Probe the whole system, and tell each check and its time

Without any service, with nothing but the storage and the passphrase:
  dr --repo URI list|show|contents|restore|verify

Options of every command:
  --repo URI              work on the storage alone, with no service: file:///srv/backup or a folder
  --passphrase-file FILE  the passphrase of the repository (with --repo)
  --json                  the answer as JSON
  --help                  this text
  --version               the version of this program

Environment:
  DR_URL, DR_API_KEY                    the gateway and its key (default: DR_HOME/credentials.json)
  DR_HOME                               state of a local house (default: .dr in the checkout)
  BACKUP_PASSPHRASE, …_FILE, …_COMMAND  the repository's passphrase, with --repo

Exit codes: 0 ok, 1 failed, 2 usage, 3 partial, 4 not found, 5 refused, 130 interrupted.
`;

const CREATE = `Usage: dr create [options]

Back up data sets.

Waits for the end; Ctrl-C stops waiting, not the backup. The last line is "Backup created: ID". Exit code 3 when the backup is partial.

Options:
  --type full|incremental|differential|snapshot
                                      what is read anew (default full)
  --tenant-id T                       this tenant's data (default: the key's tenant; all tenants with a key of all)
  --dataset-ids A,B …                 only these data sets
  --description D                     words to find it by
  --no-wait                           return as soon as the backup is accepted

Options of every command:
  --repo URI              work on the storage alone, with no service: file:///srv/backup or a folder
  --passphrase-file FILE  the passphrase of the repository (with --repo)
  --json                  the answer as JSON
  --help                  this text
`;

test.each([['--help'], ['help'], ['-h'], ['--json', '--help']])('dr %s is the whole help', async (...argv) => {
  expect(await dr(argv)).toEqual({ code: 0, stdout: HELP, stderr: '' });
});

test('dr alone is the help as an error of usage', async () => {
  expect(await dr([])).toEqual({ code: 2, stdout: '', stderr: HELP });
});

test.each([[['create', '--help']], [['help', 'create']], [['--help', 'create']]])('%j is the help of one verb', async (argv) => {
  expect(await dr(argv)).toEqual({ code: 0, stdout: CREATE, stderr: '' });
});

test('every verb has help, is known by its own word, and says whether it works without a service', async () => {
  for (const [word, load] of Object.entries(verbs)) {
    const verb = await load();
    expect(verb.word).toBe(word);
    const { code, stdout } = await dr([word, '--help']);
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
