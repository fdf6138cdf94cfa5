import { backup, problem } from '../testing/stub-gateway.ts';
import { gateway, ok, stopGateways } from '../testing/stubs.ts';
import { dr } from '../testing/terminal.ts';
import { notBuilt, verbs } from './index.ts';

const ID = 'backup_20260131_120000_0a1b2c3d';
const RESTORE = 'restore_20260131_120500_1b2c3d4e';

afterEach(stopGateways);

describe('verbs of a later version', () => {
  test.each(Object.keys(notBuilt))('dr %s says that it is not built, what to do instead, and fails', async (word) => {
    const ran = await dr([word, 'some', '--thing']);
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toMatch(/^dr: dr \S+ is not built in this version; nothing was done\. .+\.\n$/);
    expect(JSON.parse((await dr([word, '--json'])).stderr)).toMatchObject({ error: { code: 'cli.not_built', exit_code: 1 } });
  });
});

describe('verbs of two words', () => {
  test('are told by their first word', async () => {
    const asked = await dr(['api-keys', '--help']);
    expect(asked).toMatchObject({ code: 0, stderr: '' });
    expect(asked.stdout).toContain('api-keys revoke <id>');
    expect(await dr(['api-keys'])).toEqual({ code: 2, stdout: '', stderr: asked.stdout });
    expect((await dr(['help', 'config', 'show'])).stdout).toMatch(/^Usage: dr config show\n/);
    expect(await dr(['config', 'shwo'])).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean config show?') });
    expect(await dr(['confg', 'show'])).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean config') });
  });
});

test('the version as JSON', async () => {
  for (const argv of [
    ['--version', '--json'],
    ['--json', '--version'],
  ]) {
    expect(JSON.parse((await dr(argv)).stdout)).toEqual({ version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
  }
});

test('what needs the gateway says so with --repo, before anything is opened', async () => {
  for (const [words, load] of Object.entries(verbs)) {
    const { offline, positionals } = await load();
    if (offline) continue;
    const ran = await dr(['--repo', '/nowhere', ...words.split(' '), ...positionals.map(() => 'x')]);
    expect([words, ran.code, ran.stderr]).toEqual([words, 2, expect.stringContaining('cannot be used with --repo')]);
  }
});

describe('list', () => {
  test('hands its filters on', async () => {
    const stub = await gateway(() => ok({ backups: [], next_cursor: null }));
    const argv = ['--type', 'full', '--status', 'partial', '--dataset-id', 'a', '--since', '2026-01-01', '--until', '2026-02-01T00:00:00Z'];
    await dr(['list', ...argv, '--tenant-id', 'acme'], { env: stub.env });
    expect(stub.asked[0]!.query).toEqual({
      tenant_id: 'acme',
      type: 'full',
      status: 'partial',
      dataset_id: 'a',
      since: '2026-01-01T00:00:00.000Z',
      until: '2026-02-01T00:00:00.000Z',
      limit: '50',
    });
    expect(await dr(['list', '--status', 'good'], { env: stub.env })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('must be one of'),
    });
  });
});

describe('status', () => {
  test.each([
    [ID, `/api/v1/backups/${ID}`],
    [RESTORE, `/api/v1/restores/${RESTORE}`],
    ['verification_1', '/api/v1/verifications/verification_1'],
  ])('of %s asks for what it is', async (id, path) => {
    const stub = await gateway(() => ok({ status: 'running', progress: { datasets_done: 1, datasets_total: 3 } }));
    expect((await dr(['status', id], { env: stub.env })).stdout).toBe(`${id} running, 1 of 3 data sets\n`);
    expect(stub.asked[0]!.path).toBe(path);
  });

  test.each([
    ['completed', 0],
    ['passed', 0],
    ['partial', 3],
    ['failed', 1],
    ['cancelled', 1],
  ])('--wait waits for the end: %s is %i', async (status, code) => {
    const stub = await gateway((_, turn) => ok({ status: turn < 2 ? 'running' : status }));
    expect(await dr(['status', ID, '--wait'], { env: stub.env })).toEqual({ code, stdout: `${ID} ${status}\n`, stderr: '' });
    expect(stub.asked).toHaveLength(3);
  });
});

describe('cancel', () => {
  test.each([
    [ID, `/api/v1/backups/${ID}`],
    [RESTORE, `/api/v1/restores/${RESTORE}`],
  ])('%s asks, waits, and says how it ended', async (id, path) => {
    const stub = await gateway(({ method }, turn) =>
      ok({ status: method === 'POST' || turn < 2 ? 'running' : 'cancelled' }, method === 'POST' ? 202 : 200),
    );
    const reason = id === ID ? ['--reason', 'no'] : [];
    expect(await dr(['cancel', id, ...reason], { env: stub.env })).toEqual({ code: 0, stdout: `${id} cancelled\n`, stderr: '' });
    expect(stub.asked[0]).toMatchObject({
      path: `${path}/cancel`,
      body: id === ID ? { reason: 'no' } : {},
      headers: { 'idempotency-key': expect.any(String) },
    });
    expect(stub.asked.at(-1)).toMatchObject({ method: 'GET', path });
  });

  test('of what was sealed first is refused, by the gateway or by how it ended', async () => {
    const decided = await gateway(() => problem(409, 'wrong_state.backup', 'It has ended already.'));
    expect(await dr(['cancel', ID], { env: decided.env })).toMatchObject({ code: 5, stdout: '' });
    const raced = await gateway(({ method }) => ok({ status: method === 'POST' ? 'running' : 'completed' }, method === 'POST' ? 202 : 200));
    expect(await dr(['cancel', ID], { env: raced.env })).toMatchObject({ code: 5, stdout: `${ID} completed\n` });
  });

  test('--no-wait returns at once', async () => {
    const stub = await gateway(() => ok({ status: 'running' }, 202));
    expect(await dr(['cancel', ID, '--no-wait'], { env: stub.env })).toMatchObject({ code: 0, stdout: `${ID} running\n` });
    expect(stub.asked).toHaveLength(1);
  });
});

describe('delete', () => {
  const deleting = () =>
    gateway(({ method }, turn) => {
      if (method === 'DELETE') return ok(backup('deleting'), 202);
      return ok(backup(turn === 0 ? 'completed' : 'deleted', { purge_after: '2026-02-07T12:00:00Z' }));
    });

  test('asks, tells what of, and deletes on yes', async () => {
    const stub = await deleting();
    const questions: string[] = [];
    const ask = async (question: string) => {
      questions.push(question);
      return 'y';
    };
    const ran = await dr(['delete', ID], { env: stub.env, ask });
    expect(questions).toEqual([`Delete ${ID} of acme (full, 2026-01-31 12:00:00 UTC, 2 data sets, 33.8 KiB)? [y/N] `]);
    expect(ran).toEqual({
      code: 0,
      stdout: `Backup deleted: ${ID}; until 2026-02-07 12:00:00 UTC it can be brought back: dr undelete ${ID}\n`,
      stderr: '',
    });
    expect(stub.asked[1]).toMatchObject({ method: 'DELETE', path: `/api/v1/backups/${ID}`, query: {} });
  });

  test.each(['', 'n', 'yep'])('anything but yes (%j) does nothing', async (answer) => {
    const stub = await deleting();
    expect(await dr(['delete', ID], { env: stub.env, ask: async () => answer })).toEqual({
      code: 5,
      stdout: '',
      stderr: 'dr: Not deleted.\n',
    });
    expect(stub.asked.map(({ method }) => method)).toEqual(['GET']);
  });

  test('where nobody can be asked --yes is needed', async () => {
    const stub = await deleting();
    expect(await dr(['delete', ID], { env: stub.env })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('nothing was done. Give --yes.'),
    });
    expect(stub.asked.map(({ method }) => method)).toEqual(['GET']);
  });

  test('--yes does not ask, --force says so, and a refusal is told', async () => {
    const stub = await gateway(() => problem(409, 'backup.last_good_copy', 'It is the last verified good copy of articles.'));
    const ran = await dr(['delete', ID, '--yes', '--force'], { env: stub.env });
    expect(ran).toEqual({ code: 5, stdout: '', stderr: 'dr: It is the last verified good copy of articles.\n' });
    expect(stub.asked).toHaveLength(1);
    expect(stub.asked[0]).toMatchObject({ method: 'DELETE', query: { force: 'true' } });
  });

  test('undelete takes it back', async () => {
    const stub = await gateway(() => ok(backup('completed')));
    expect(await dr(['undelete', ID], { env: stub.env })).toEqual({ code: 0, stdout: `Backup brought back: ${ID}\n`, stderr: '' });
    expect(stub.asked[0]).toMatchObject({ method: 'POST', path: `/api/v1/backups/${ID}/undelete` });
  });
});

describe('datasets', () => {
  const good = { backup_id: ID, at: '2026-01-31T12:00:00Z', verified_at: '2026-01-31T13:00:00Z' };
  const all = [
    { tenant_id: 'acme', dataset_id: 'articles', format: 'v4', present: true, protected: true, last_good: good, rpo_age_seconds: 75 },
    { tenant_id: 'acme', dataset_id: 'new', format: 'v3', present: true, protected: false, last_good: null, rpo_age_seconds: null },
    {
      tenant_id: 'acme',
      dataset_id: 'old',
      format: 'v3',
      present: false,
      protected: true,
      last_good: { ...good, verified_at: null },
      rpo_age_seconds: 5,
    },
  ];
  const loose = { tenant_id: 'acme', path: 'acme/notes.txt', reason: 'loose-file', message: 'a file outside of every data set' };
  const pages = () =>
    gateway(({ query }) =>
      query['cursor']
        ? ok({ datasets: all.slice(1), unprotected: [], next_cursor: null })
        : ok({ datasets: all.slice(0, 1), unprotected: [loose], next_cursor: 'c' }),
    );

  test('shows each with its last good backup, and what none covers', async () => {
    const ran = await dr(['datasets', '--tenant-id', 'acme'], { env: (await pages()).env });
    expect(ran.stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['TENANT', 'DATA SET', 'FORMAT', 'LAST GOOD (UTC)', 'AGE', 'VERIFIED (UTC)', 'BACKUP'],
      ['acme', 'articles', 'v4', '2026-01-31 12:00:00', '1 min 15 s', '2026-01-31 13:00:00', ID],
      ['acme', 'new', 'v3', 'never', '-', '-', '-'],
      ['acme', 'old (gone)', 'v3', '2026-01-31 12:00:00', '5 s', '-', ID],
      [''],
      ['Not covered by any data set:'],
      ['', 'acme/notes.txt: a file outside of every data set'],
      [''],
    ]);
  });

  test('--unprotected only those that no backup holds whole', async () => {
    const json = await dr(['datasets', '--unprotected', '--json'], { env: (await pages()).env });
    expect(JSON.parse(json.stdout)).toEqual({ datasets: [all[1]], unprotected: [loose] });
  });
});

describe('config show', () => {
  test('shows each value with its origin, and what has no effect', async () => {
    const settings = {
      'backup.path': { value: '/b', origin: 'environment', key: 'BACKUP_PATH' },
      'backup.hooks.pre': { value: [{ command: ['/x'] }], origin: 'yaml', key: 'backup.hooks.pre', note: 'nothing acts on it' },
      'client.apiKey': { value: null, origin: 'default', key: 'DR_API_KEY' },
    };
    const body = { settings, warnings: ['backup.hooks.pre: read, but nothing acts on it'] };
    const stub = await gateway(() => ok(body));
    expect((await dr(['config', 'show'], { env: stub.env })).stdout).toBe(
      [
        'SETTING           VALUE                 ORIGIN',
        'BACKUP_PATH       /b                    environment',
        'backup.hooks.pre  [{"command":["/x"]}]  yaml',
        'DR_API_KEY        -                     default',
        '',
        'warning: backup.hooks.pre: read, but nothing acts on it',
        '',
      ].join('\n'),
    );
    expect(JSON.parse((await dr(['config', 'show', '--json'], { env: stub.env })).stdout)).toEqual(body);
  });
});
