import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Answer, backup, problem } from '../testing/stub-gateway.ts';
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

describe('api-keys', () => {
  const key = { key_id: 'key_1', tenant_id: 'acme', scopes: ['backup:read', 'backup:create'], api_key: 'dr_secret', expires_at: null };

  test('create gives the key alone on stdout', async () => {
    const stub = await gateway(() => ok(key, 201));
    const argv = ['--scopes', 'backup:read,backup:create', '--tenant-id', 'acme', '--name', 'cron', '--expires-at', '2027-01-01'];
    const ran = await dr(['api-keys', 'create', ...argv], { env: stub.env });
    expect(ran).toMatchObject({ code: 0, stdout: 'dr_secret\n' });
    expect(ran.stderr).not.toContain('dr_secret');
    expect(stub.asked[0]).toMatchObject({
      path: '/api/v1/api-keys',
      body: { scopes: ['backup:read', 'backup:create'], tenant_id: 'acme', name: 'cron', expires_at: '2027-01-01T00:00:00.000Z' },
    });
    expect(await dr(['api-keys', 'create'], { env: stub.env })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--scopes is missing'),
    });
  });

  test('a secret that was in a lost reply is told as lost at once, not asked for again', async () => {
    const problem = { code: 'idempotency.secret_shown_once', detail: 'Revoke key_1 and make another.', status: 409 };
    const stub = await gateway(() => ok(problem, 409));
    const ran = await dr(['api-keys', 'create', '--scopes', 'backup:read'], { env: stub.env });
    expect(ran).toMatchObject({ code: 5, stdout: '', stderr: expect.stringContaining('Revoke key_1') });
    expect(stub.asked).toHaveLength(1);
  });

  test('one that has run out is not shown as active', async () => {
    const expired = { ...key, api_key: undefined, expires_at: '2026-01-01T00:00:00.000Z', status: 'expired' };
    const stub = await gateway(() =>
      ok({ api_keys: [expired, { ...expired, status: 'revoked', revoked_at: '2026-01-01T00:00:00.000Z' }] }),
    );
    const { stdout } = await dr(['api-keys', 'list'], { env: stub.env });
    expect(stdout.match(/active|expired|revoked/g)).toEqual(['expired', 'revoked']);
  });

  test('create with a key of all tenants asks whose the new one is', async () => {
    const problem = { code: 'request.tenant_needed', detail: 'Name a tenant.', status: 400, title: 'Bad Request' };
    const stub = await gateway(() => ({ status: 400, body: JSON.stringify(problem) }));
    const ran = await dr(['api-keys', 'create', '--scopes', 'backup:read'], { env: stub.env });
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toMatch(/say whose the new one is: --tenant-id T, or --tenant-id '\*'/);
    expect((await dr(['api-keys', 'create', '--help'])).stdout).toContain('needed with a key of all tenants');
  });

  test('list and revoke', async () => {
    const { api_key: _, ...listed } = key;
    const stub = await gateway(({ method }) =>
      method === 'GET' ? ok({ api_keys: [listed], next_cursor: null }) : { status: 204, body: '' },
    );
    expect((await dr(['api-keys', 'list'], { env: stub.env })).stdout).toMatch(/key_1 +- +acme +active +- +backup:read backup:create/);
    expect(await dr(['api-keys', 'revoke', 'key_1'], { env: stub.env })).toEqual({ code: 0, stdout: 'Key revoked: key_1\n', stderr: '' });
    expect(stub.asked.at(-1)).toMatchObject({ method: 'DELETE', path: '/api/v1/api-keys/key_1' });
    expect(JSON.parse((await dr(['api-keys', 'revoke', 'key_1', '--json'], { env: stub.env })).stdout)).toMatchObject({ key_id: 'key_1' });
  });
});

describe('subscribers', () => {
  const subscriber = { subscriber_id: 's-1', tenant_id: 'acme', name: 'audit', created_at: '2026-01-01T00:00:00.000Z', revoked_at: null };

  test('create gives what a client needs alone on stdout, and the seed nowhere else', async () => {
    const made = { ...subscriber, seed: 'SUSECRET', consumer: 'sub-0' };
    const stub = await gateway(() => ok(made, 201));
    const ran = await dr(['subscribers', 'create', '--tenant-id', 'acme', '--name', 'audit'], { env: stub.env });
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.stdout)).toEqual(made);
    expect(ran.stderr).not.toContain('SUSECRET');
    expect(stub.asked).toMatchObject([{ method: 'POST', path: '/api/v1/event-subscribers', body: { tenant_id: 'acme', name: 'audit' } }]);
  });

  test('list and revoke', async () => {
    const revoked = { ...subscriber, subscriber_id: 's-2', name: null, revoked_at: '2026-01-02T00:00:00.000Z' };
    const stub = await gateway(({ method }) => ok(method === 'GET' ? { subscribers: [subscriber, revoked] } : revoked));
    const { stdout } = await dr(['subscribers', 'list'], { env: stub.env });
    expect(stdout).toMatch(/s-1 +audit +acme +active/);
    expect(stdout).toMatch(/s-2 +- +acme +revoked/);
    expect(await dr(['subscribers', 'revoke', 's-2'], { env: stub.env })).toEqual({
      code: 0,
      stdout: 'Subscriber revoked: s-2\n',
      stderr: '',
    });
    expect(stub.asked.at(-1)).toMatchObject({ method: 'DELETE', path: '/api/v1/event-subscribers/s-2' });
  });

  test('what the gateway refuses is told, and nothing is tried again', async () => {
    const stub = await gateway(() => problem(501, 'events.not_embedded', 'The NATS server is not this house’s own.'));
    const ran = await dr(['subscribers', 'create'], { env: stub.env });
    expect(ran).toMatchObject({ stdout: '', stderr: expect.stringContaining('not this house’s own') });
    expect(ran.code).not.toBe(0);
    expect(stub.asked.length).toBe(1);
  });
});

describe('export', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dr-export-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const nasty = backup('partial', { error_message: 'a "quoted", cell', tenant_id: '=cmd()' });
  const inventory = () => gateway(() => ok({ backups: [backup('completed'), nasty], next_cursor: null }));

  test('writes all as JSON', async () => {
    const stub = await inventory();
    const ran = await dr(['export', 'inventory.json', '--tenant-id', 'acme'], { env: stub.env, folder, now: () => 0 });
    expect(ran).toEqual({ code: 0, stdout: 'Written: inventory.json (2 backups)\n', stderr: '' });
    expect(JSON.parse(readFileSync(join(folder, 'inventory.json'), 'utf8'))).toEqual({
      made_at: '1970-01-01T00:00:00.000Z',
      backups: [backup('completed'), nasty],
      problems: [],
    });
    expect(stub.asked[0]!.query).toMatchObject({ tenant_id: 'acme' });
  });

  test('or as a table, in which nothing is a formula', async () => {
    const stub = await inventory();
    const ran = await dr(['export', 'b.csv', '--json'], { env: stub.env, folder });
    expect(JSON.parse(ran.stdout)).toEqual({ file: join(folder, 'b.csv'), backups: 2, problems: [] });
    const [head, first, second] = readFileSync(join(folder, 'b.csv'), 'utf8').split('\r\n');
    expect(head).toMatch(/^backup_id,timestamp,tenant_id,/);
    expect(first).toContain(`${ID},2026-01-31T12:00:00.000Z,acme,full,completed,articles support,34612,20000,`);
    expect(second).toContain(",'=cmd(),");
    expect(second).toContain(',"a ""quoted"", cell"');
  });

  test('replaces the old file only by a whole one', async () => {
    writeFileSync(join(folder, 'old.json'), 'old');
    const broken = await gateway(() => problem(403, 'auth.scope_missing', 'no'));
    expect((await dr(['export', 'old.json'], { env: broken.env, folder })).code).toBe(5);
    expect(readFileSync(join(folder, 'old.json'), 'utf8')).toBe('old');
    const stub = await inventory();
    expect((await dr(['export', 'none/x.json'], { env: stub.env, folder })).code).toBe(1);
    expect(readdirSync(folder).filter((name) => name.includes('.new-'))).toEqual([]);
  });
});

describe('events', () => {
  const event = (n: number) => ({ specversion: '1.0', id: String(n), type: 'BackupSealed', subject: ID, time: '2026-01-31T12:00:00Z' });
  const message = (n: number): string => `id: ${n}\ndata: ${JSON.stringify(event(n))}\n\n`;

  test('of one backup, from its own list or from among all others', async () => {
    const one = `2026-01-31 12:00:00  BackupSealed  ${ID}\n`;
    const listing = await gateway(({ path }) =>
      ok(path.endsWith('/events') ? { events: [event(1), event(2)], next_cursor: null } : backup('completed')),
    );
    expect(await dr(['events', ID], { env: listing.env })).toEqual({ code: 0, stdout: one.repeat(2), stderr: '' });
    const other = `id: 3\ndata: ${JSON.stringify({ ...event(3), subject: 'backup-other' })}\n\n`;
    const streaming = await gateway(({ path }) => {
      if (path === '/api/v1/events') return { status: 200, type: 'text/event-stream', body: message(1) + other };
      return path.endsWith('/events') ? problem(404, 'request.no_such_path', 'no') : ok(backup('completed'));
    });
    expect(await dr(['events', ID], { env: streaming.env })).toEqual({ code: 0, stdout: one, stderr: '' });
    expect(streaming.asked.at(-1)!.query).toEqual({ after: '0', tenant_id: 'acme' });
    const unknown = await gateway(() => problem(404, 'backup.not_found', 'no such backup'));
    expect(await dr(['events', ID], { env: unknown.env })).toMatchObject({ code: 4, stdout: '' });
  });

  test('of everything, as the log has told it', async () => {
    const stub = await gateway(() => ({ status: 200, type: 'text/event-stream', body: `: hello\n\n${message(1)}${message(2)}` }));
    const ran = await dr(['events', '--json', '--after', '0', '--types', 'BackupSealed,BackupFailed'], { env: stub.env });
    expect(
      ran.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).id),
    ).toEqual(['1', '2']);
    expect(stub.asked[0]).toMatchObject({ path: '/api/v1/events', query: { after: '0', types: 'BackupSealed,BackupFailed' } });
    expect(stub.asked[0]!.headers.accept).toBe('text/event-stream');
  });

  test('--follow goes on after a broken connection, behind the last event, until Ctrl-C', async () => {
    const stop = new AbortController();
    const bodies: Answer[] = [message(1), message(2)].map((body) => ({ status: 200, type: 'text/event-stream', body }));
    const stub = await gateway((_, turn) => {
      if (turn === 2) setTimeout(() => stop.abort(), 50);
      return bodies[turn] ?? 'hang up';
    });
    const ran = await dr(['events', '--follow', '--json'], { env: stub.env, signal: stop.signal });
    expect(
      ran.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).id),
    ).toEqual(['1', '2']);
    expect(stub.asked.map(({ query }) => query['after'])).toEqual([undefined, '1', '2']); // from now on, then behind the last one
    expect(ran.code).toBe(0);
  });

  test('a gateway that is not there at all is an error', async () => {
    const stub = await gateway(() => problem(403, 'auth.scope_missing', 'no'));
    expect((await dr(['events', '--follow'], { env: stub.env })).code).toBe(5);
    expect((await dr(['events'], { env: { DR_URL: 'http://127.0.0.1:1', DR_API_KEY: 'k' } })).code).toBe(1);
  });
});

describe('progress', () => {
  test('shows bytes, rate and remaining time from the live progress', async () => {
    let now = 0;
    const live = (done: number) => ok({ bytes_done: done, bytes_total: 4 * 2 ** 20, datasets_done: 1, datasets_total: 2 });
    let asked = 0;
    const stub = await gateway(({ method, path }) => {
      if (method === 'POST') return ok(backup('pending'), 202);
      if (path.endsWith('/progress')) return live(++asked * 2 ** 20);
      return ok(backup(asked < 2 ? 'running' : 'completed'));
    });
    const ran = await dr(['create'], { env: stub.env, isTerminal: true, now: () => (now += 250) });
    expect(stub.asked.some(({ path }) => path === `/api/v1/operations/${ID}/progress`)).toBe(true);
    expect(ran.stderr).toMatch(/\[######-{18}\] {2}25 % {2}1\.0 MiB of 4\.0 MiB, 1 of 2 data sets, running/);
    expect(ran.stderr).toMatch(/2\.0 MiB of 4\.0 MiB, [\d.]+ MiB\/s, [\d.]+ s left/);
  });

  test('without it there are data sets only, and it is asked for once', async () => {
    const stub = await gateway(({ method, path }, turn) => {
      if (method === 'POST') return ok(backup('pending'), 202);
      return path.endsWith('/progress') ? problem(404, 'x', 'no') : ok(backup(turn < 4 ? 'running' : 'completed'));
    });
    const ran = await dr(['create'], { env: stub.env, isTerminal: true });
    expect(ran.stderr).toContain('1 of 2 data sets, running');
    expect(stub.asked.filter(({ path }) => path.endsWith('/progress'))).toHaveLength(1);
  });

  test('off a terminal nothing is drawn or asked for', async () => {
    const stub = await gateway(({ method }) => (method === 'POST' ? ok(backup('pending'), 202) : ok(backup('completed'))));
    const ran = await dr(['create'], { env: stub.env });
    expect(ran.stderr).not.toContain('\r');
    expect(stub.asked.filter(({ path }) => path.endsWith('/progress'))).toEqual([]);
  });

  test('is cut to the width of the terminal', async () => {
    const stub = await gateway(({ method }) => (method === 'POST' ? ok(backup('pending'), 202) : ok(backup('completed'))));
    const ran = await dr(['create'], { env: stub.env, isTerminal: true, columns: () => 40 });
    const drawn = ran.stderr.split('\r').filter((line) => line.startsWith(`${ID}  [`));
    expect(drawn.map((line) => [line.length, line.at(-1)])).toEqual(drawn.map(() => [39, '…']));
    expect(drawn).not.toEqual([]);
  });
});
