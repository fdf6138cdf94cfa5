import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Answer, type Asked, backup, problem, StubGateway } from '../testing/stub-gateway.ts';
import { dr } from '../testing/terminal.ts';

const ID = 'backup_20260131_120000_0a1b2c3d';
const stubs: StubGateway[] = [];

async function gateway(answer: (asked: Asked, turn: number) => Answer): Promise<StubGateway> {
  const stub = await new StubGateway(answer).start();
  stubs.push(stub);
  return stub;
}

afterEach(async () => {
  for (const stub of stubs.splice(0)) await stub.stop();
});

const ok = (body: unknown, status = 200): Answer => ({ status, body });

describe('errors of the gateway', () => {
  test.each([
    [400, 'request.invalid', 2],
    [401, 'auth.unauthenticated', 5],
    [403, 'auth.scope_missing', 5],
    [404, 'backup.not_found', 4],
    [409, 'wrong_state', 5],
    [422, 'restore.option_not_supported', 5],
    [500, 'internal', 1],
    [501, 'backup.type_not_built', 5],
  ])('%i %s has exit code %i', async (status, code, exit) => {
    const stub = await gateway(() => problem(status, code, 'What went wrong.', { errors: [{ pointer: '/limit', message: 'too big' }] }));
    const ran = await dr(['show', ID], { env: stub.env });
    expect(ran).toMatchObject({ code: exit, stdout: '' });
    expect(ran.stderr).toMatch(/^dr: What went wrong\.\n {2}\/limit too big/);
    expect(ran.stderr.includes('request req-1')).toBe(status >= 500);
    const asJson = await dr(['show', ID, '--json'], { env: stub.env });
    expect(JSON.parse(asJson.stderr)).toMatchObject({
      error: { code, status, exit_code: exit, request_id: 'req-1', errors: [{ pointer: '/limit' }] },
    });
    expect(asJson.stdout).toBe('');
  });

  test('that are no problem details still say the status', async () => {
    const stub = await gateway(() => ({ status: 502, body: '<html>bad gateway</html>', type: 'text/html' }));
    expect(await dr(['show', ID], { env: stub.env })).toMatchObject({ code: 1, stderr: 'dr: The gateway answered with status 502.\n' });
  });

  test('no gateway at all names the way without one', async () => {
    const stub = await gateway(() => 'hang up');
    const { url } = stub;
    await stubs.pop()!.stop();
    const ran = await dr(['list'], { env: { DR_URL: url, DR_API_KEY: 'k' } });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/cannot be reached \(ECONNREFUSED\).*dr --repo URI list/);
  });

  test('a redirect is not followed with the key', async () => {
    const stub = await gateway(() => ({ status: 302, body: '' }));
    expect((await dr(['list'], { env: stub.env })).code).toBe(1);
    expect(stub.asked).toHaveLength(1);
  });
});

describe('credentials', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dr-home-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const write = (content: unknown): void =>
    writeFileSync(join(folder, 'credentials.json'), typeof content === 'string' ? content : JSON.stringify(content));

  test('come from DR_HOME, and the environment overrides each of them', async () => {
    const stub = await gateway(() => ok({ backups: [], next_cursor: null }));
    write({ url: `${stub.url}/`, api_key: 'from-file' });
    expect((await dr(['list'], { env: { DR_HOME: folder } })).code).toBe(0);
    expect((await dr(['list'], { env: { DR_HOME: folder, DR_API_KEY: 'from-env' } })).code).toBe(0);
    expect(stub.asked.map(({ headers }) => headers.authorization)).toEqual(['ApiKey from-file', 'ApiKey from-env']);
  });

  test.each([['{'], [{ url: 'x' }], [[]], ['null']])('that are %j are an error that says what to do', async (content) => {
    write(content);
    const ran = await dr(['list'], { env: { DR_HOME: folder } });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('holds no url and api_key. Start it (npm start), set DR_URL and DR_API_KEY');
  });

  test('that are nowhere are an error, too', async () => {
    expect((await dr(['list'])).stderr).toContain('credentials.json does not exist');
  });
});

describe('list, show, status, contents', () => {
  test('list gives a table, or JSON two ways', async () => {
    const stub = await gateway(() => ok({ backups: [backup('completed')], next_cursor: null }));
    const ran = await dr(['list', '--tenant-id', 'acme', '--limit', '7'], { env: stub.env });
    expect(ran.stdout).toBe(
      `BACKUP                           TIME (UTC)           TENANT  TYPE  STATUS     SETS      SIZE     ADDED\n${ID}  2026-01-31 12:00:00  acme    full  completed     2  33.8 KiB  19.5 KiB\n`,
    );
    expect(stub.asked[0]!.query).toEqual({ limit: '7', tenant_id: 'acme' });
    for (const argv of [
      ['list', '--format', 'json'],
      ['list', '--json'],
      ['--json', 'list'],
    ]) {
      expect(JSON.parse((await dr(argv, { env: stub.env })).stdout)).toEqual({ backups: [backup('completed')] });
    }
  });

  test('list goes through pages until it has enough', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => backup('completed', { backup_id: `b${i}` }));
    const stub = await gateway(({ query }) => ok({ backups: many(Number(query['limit'])), next_cursor: 'next' }));
    const ran = await dr(['list', '--limit', '2500', '--json'], { env: stub.env });
    expect(JSON.parse(ran.stdout).backups).toHaveLength(2500);
    expect(stub.asked.map(({ query }) => [query['limit'], query['cursor']])).toEqual([
      ['1000', undefined],
      ['1000', 'next'],
      ['500', 'next'],
    ]);
  });

  test('an empty list says so on stderr', async () => {
    const stub = await gateway(() => ok({ backups: [], next_cursor: null }));
    expect(await dr(['list'], { env: stub.env })).toEqual({ code: 0, stdout: '', stderr: 'There are no backups.\n' });
    expect((await dr(['list', '--json'], { env: stub.env })).stdout).toBe('{\n  "backups": []\n}\n');
  });

  test('show and status tell of one', async () => {
    const stub = await gateway(() => ok(backup('running')));
    expect((await dr(['show', ID], { env: stub.env })).stdout).toContain('DATA SET  FORMAT');
    expect((await dr(['status', ID], { env: stub.env })).stdout).toBe(`${ID} running, 1 of 2 data sets\n`);
    expect(JSON.parse((await dr(['status', ID, '--json'], { env: stub.env })).stdout).status).toBe('running');
    await dr(['show', 'odd/../id'], { env: stub.env });
    expect(stub.asked.at(-1)!.path).toBe('/api/v1/backups/odd%2F..%2Fid');
  });

  test('contents goes through all pages, as a table or as JSON lines', async () => {
    const file = (path: string) => ({
      dataset_id: 'articles',
      path,
      kind: 'file',
      size: 10,
      digest: 'ab'.repeat(32),
      modified_at: '2026-01-31T12:00:00.000Z',
    });
    const stub = await gateway(({ query }) =>
      ok(query['cursor'] ? { files: [file('b')], next_cursor: null } : { files: [file('a')], next_cursor: 'c' }),
    );
    const ran = await dr(['contents', ID, 'some/path', '--dataset-id', 'articles'], { env: stub.env });
    expect(ran.stdout).toContain('10  2026-01-31 12:00:00  abababababababab  articles/a\n');
    expect(ran.stdout).toContain('articles/b\n');
    expect(stub.asked.map(({ query }) => query)).toEqual([
      { dataset_id: 'articles', path: 'some/path' },
      { dataset_id: 'articles', path: 'some/path', cursor: 'c' },
    ]);
    const json = (await dr(['contents', ID, '--json'], { env: stub.env })).stdout.trim().split('\n');
    expect(json.map((line) => JSON.parse(line).path)).toEqual(['a', 'b']);
  });

  test('diff goes through all pages, of data sets and of files', async () => {
    const none = { files: 0, bytes: 0 };
    const change = (dataset_id: string) => ({
      dataset_id,
      change: 'changed',
      format: 'v4',
      rows_before: 40,
      rows_after: 43,
      rows: { added: 5, updated: 1, deleted: 2 },
      files: { added: { files: 2, bytes: 1_024 }, changed: none, removed: none },
      branches: [
        {
          name: 'main',
          change: 'changed',
          head_before: '1',
          head_after: '2',
          commits: 1,
          undone: 1,
          rows: { added: 5, updated: 1, deleted: 2 },
        },
      ],
      tags: [{ name: 'v1', change: 'renamed', renamed_from: 'v0', version_before: '1', version_after: '1' }],
      exact: false,
      notes: ['A note.'],
    });
    const stub = await gateway(({ path, query }) => {
      const next_cursor = query['cursor'] ? null : 'more';
      if (path.endsWith('/files'))
        return ok({ files: [{ path: `f${next_cursor}`, change: 'added', bytes_before: null, bytes_after: 2_048 }], next_cursor });
      return ok({ datasets: [change(`set${next_cursor}`)], next_cursor });
    });
    const ran = await dr(['diff', ID, 'other'], { env: stub.env });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/setmore +changed +40 to 43 +5 +1 +2 +2 +0 +0 +1.0 KiB/);
    expect(ran.stdout).toContain('  branch main changed, 1 commit, 1 undone, rows +5 ~1 -2\n  tag v1 renamed from v0 (1)\n  A note.');
    expect(ran.stdout).toMatch(/setnull +changed/);
    const files = await dr(['diff', ID, 'other', '--dataset-id', 'a b', '--files'], { env: stub.env });
    expect(files.stdout).toMatch(/added +- +2.0 KiB +fmore/);
    expect(stub.asked.map(({ path, query }) => [path.slice(path.indexOf('/diff')), query['cursor'], query['dataset_id']])).toEqual([
      ['/diff/other', undefined, undefined],
      ['/diff/other', 'more', undefined],
      ['/diff/other/files', undefined, 'a b'],
      ['/diff/other/files', 'more', 'a b'],
    ]);
  });

  test('contents of nothing is not found', async () => {
    const stub = await gateway(() => ok({ files: [], next_cursor: null }));
    expect(await dr(['contents', ID, 'none'], { env: stub.env })).toEqual({
      code: 4,
      stdout: '',
      stderr: 'There is no such file in the backup.\n',
    });
  });
});

describe('restore', () => {
  const restored = (status: string, more: object = {}) => ({
    restore_id: 'restore_1',
    backup_id: ID,
    status,
    tenant_id: 'acme',
    target_tenant: 'copy',
    datasets: [{ from: 'articles', to: 'articles2', status, bytes: 34_567, findings: [] }],
    progress: { datasets_total: 1, datasets_done: 0 },
    ...more,
  });

  test('asks for what was said, and tells how it ended', async () => {
    const stub = await gateway(({ method }, turn) =>
      method === 'POST' ? ok(restored('pending'), 202) : ok(restored(turn < 2 ? 'running' : 'completed')),
    );
    const argv = [
      'restore',
      ID,
      '--target-tenant',
      'copy',
      '--dataset-mapping',
      '{"articles":"articles2"}',
      '--dataset-ids',
      'articles',
      '--overwrite',
      '--no-verify',
    ];
    const ran = await dr([...argv, '--keep-torn-head', '--version', 'main'], { env: stub.env });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toBe(
      `Restored ${ID}: 1 data set, completed\nDATA SET  RESTORED TO     STATUS         SIZE\narticles  copy/articles2  completed  33.8 KiB\n`,
    );
    expect(stub.asked[0]).toMatchObject({ method: 'POST', path: `/api/v1/backups/${ID}/restore` });
    expect(stub.asked[0]!.body).toEqual({
      target_tenant: 'copy',
      dataset_mapping: { articles: 'articles2' },
      dataset_ids: ['articles'],
      overwrite_existing: true,
      keep_torn_head: true,
      verify_integrity: false,
      version: 'main',
    });
    expect(stub.asked[1]!.path).toBe('/api/v1/restores/restore_1');
  });

  test('sends nothing that was not said', async () => {
    const stub = await gateway(({ method }) => ok(restored(method === 'POST' ? 'pending' : 'completed'), method === 'POST' ? 202 : 200));
    await dr(['restore', ID], { env: stub.env });
    expect(stub.asked[0]).toMatchObject({ body: {}, query: {} });
  });

  test.each([
    ['partial', 3],
    ['failed', 1],
    ['cancelled', 1],
  ])('that ends %s has exit code %i', async (status, code) => {
    const stub = await gateway(({ method }) =>
      method === 'POST' ? ok(restored('pending'), 202) : ok(restored(status, { error_message: 'no room' })),
    );
    const ran = await dr(['restore', ID], { env: stub.env });
    expect(ran.code).toBe(code);
    expect(ran.stdout).toContain('no room');
  });

  const amount = (files: number) => ({ files, bytes: files });
  const plan = (more: object = {}) => ({
    dry_run: true,
    backup_id: ID,
    tenant_id: 'acme',
    target_tenant: 'acme',
    possible: true,
    datasets: [
      {
        from: 'articles',
        to: 'articles2',
        status: 'completed',
        bytes: 34_567,
        target: { exists: true },
        changes: { added: amount(3), replaced: amount(2), same: amount(1), removed: amount(4) },
      },
    ],
    lacking: [],
    bytes: 34_567,
    bytes_needed: 40_000,
    bytes_free: 80_000,
    estimated_seconds: 3.2,
    conflicts: [],
    warnings: ['A lock is old.'],
    ...more,
  });

  test('latest goes with --as-of, and a dry run is a plan that is not waited for', async () => {
    const stub = await gateway(() => ok(plan()));
    const ran = await dr(['restore', 'latest', '--as-of', '2026-01-31T12:00:00Z', '--tenant-id', 'acme', '--dry-run'], { env: stub.env });
    expect(ran).toEqual({
      code: 0,
      stderr: '',
      stdout: [
        `Would restore ${ID}: 1 data set, 33.8 KiB, about 3.2 s; takes 39.1 KiB of 78.1 KiB that are free`,
        'DATA SET  WOULD GO TO              STATUS         SIZE  ADDED  REPLACED  SAME  REMOVED',
        'articles  acme/articles2 (exists)  completed  33.8 KiB      3         2     1        4',
        'Note:',
        '  A lock is old.',
        '',
      ].join('\n'),
    });
    expect(stub.asked).toHaveLength(1);
    expect(stub.asked[0]).toMatchObject({
      path: '/api/v1/backups/latest/restore',
      query: { as_of: '2026-01-31T12:00:00.000Z', tenant_id: 'acme' },
      body: { dry_run: true },
    });
    expect(await dr(['restore', ID, '--as-of', '2026-01-31T12:00:00Z'], { env: stub.env })).toMatchObject({ code: 2 });
    expect(await dr(['restore', ID, '--target', '/x'], { env: stub.env })).toMatchObject({ code: 2 });
    expect(await dr(['restore', ID, '--force'], { env: stub.env })).toMatchObject({ code: 2 });
    expect(await dr(['restore', ID, '--dry-run', '--no-wait'], { env: stub.env })).toMatchObject({ code: 2 });
  });

  test('a plan that would be refused is told with exit code 5', async () => {
    const conflicts = [
      { code: 'restore.target_exists', message: 'It exists.', dataset: 'articles2' },
      { code: 'x', message: 'No room.' },
    ];
    const lacking = [{ dataset_id: 'support', cause: 'torn' }];
    const stub = await gateway(() => ok(plan({ possible: false, conflicts, lacking, warnings: [], estimated_seconds: null })));
    const ran = await dr(['restore', ID, '--dry-run'], { env: stub.env });
    expect(ran.code).toBe(5);
    expect(ran.stdout).toContain('The backup lacks:\n  support: torn\nIt would be refused:\n  articles2: It exists.\n  No room.\n');
    expect(JSON.parse((await dr(['restore', ID, '--dry-run', '--json'], { env: stub.env })).stdout)).toMatchObject({
      possible: false,
      conflicts,
    });
  });

  test('--no-wait returns as soon as it is accepted; what is left out is said', async () => {
    const stub = await gateway(() => ok(restored('pending'), 202));
    const argv = ['--no-wait', '--no-indexes', '--no-metadata', '--overwrite', '--force'];
    expect(await dr(['restore', ID, ...argv], { env: stub.env })).toEqual({ code: 0, stdout: 'Restore accepted: restore_1\n', stderr: '' });
    expect(stub.asked.map(({ body }) => body)).toEqual([
      { restore_indexes: false, restore_metadata: false, overwrite_existing: true, force: true },
    ]);
  });

  test('Ctrl-C stops the waiting and prints the id', async () => {
    const stop = new AbortController();
    const stub = await gateway(({ method }) => {
      if (method === 'GET') setTimeout(() => stop.abort(), 10);
      return ok(restored('running'), method === 'POST' ? 202 : 200);
    });
    expect(await dr(['restore', ID], { env: stub.env, signal: stop.signal })).toMatchObject({ code: 130, stdout: 'restore_1\n' });
  });
});

describe('verify', () => {
  const verification = (status: string, more: object = {}) => ({
    verification_id: 'v1',
    backup_id: ID,
    tenant_id: 'acme',
    status,
    level: 'full',
    objects: 15,
    bytes: 34_612,
    findings: [],
    ...more,
  });

  test('waits for the result', async () => {
    const stub = await gateway(({ method }, turn) =>
      method === 'POST' ? ok(verification('pending'), 202) : ok(verification(turn < 2 ? 'pending' : 'passed')),
    );
    const ran = await dr(['verify', ID, '--level', 'quick', '--sample', '5%'], { env: stub.env });
    expect(ran).toMatchObject({ code: 0, stdout: `Verified ${ID} (full) passed: 15 files, 33.8 KiB\n` });
    expect(stub.asked[0]).toMatchObject({ path: `/api/v1/backups/${ID}/verify`, body: { level: 'quick', sample_percent: 5 } });
  });

  test('names what is damaged, with exit code 1', async () => {
    const findings = [{ object: 't/0/packs/data/ab/x', kind: 'damaged', message: 'hash differs', paths: ['articles/a', 'articles/b'] }];
    const stub = await gateway(({ method }) =>
      ok(verification(method === 'POST' ? 'pending' : 'failed', { findings }), method === 'POST' ? 202 : 200),
    );
    const ran = await dr(['verify', ID], { env: stub.env });
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain('damaged  t/0/packs/data/ab/x  hash differs\n    needed by articles/a, articles/b');
  });

  test('--all takes every backup that holds data; the worst counts', async () => {
    const backups = [backup('completed'), backup('failed', { backup_id: 'b2' }), backup('partial', { backup_id: 'b3' })];
    const stub = await gateway(({ method, path }) => {
      if (path === '/api/v1/backups') return ok({ backups, next_cursor: null });
      if (method === 'POST') return ok(verification('pending', { verification_id: path.includes('b3') ? 'v3' : 'v1' }), 202);
      return ok(verification(path.endsWith('v3') ? 'error' : 'passed', path.endsWith('v3') ? { error_message: 'store away' } : {}));
    });
    const ran = await dr(['verify', '--all'], { env: stub.env });
    expect(ran.code).toBe(1);
    expect(ran.stdout.match(/Verified/g)).toHaveLength(2);
    expect(ran.stdout).toContain('store away');
    const json = await dr(['verify', '--all', '--json'], { env: stub.env });
    expect(JSON.parse(json.stdout).verifications).toHaveLength(2);
  });

  test('of nothing, or of both, is refused', async () => {
    const stub = await gateway(() => ok({ backups: [], next_cursor: null }));
    expect((await dr(['verify'], { env: stub.env })).code).toBe(2);
    expect((await dr(['verify', ID, '--all'], { env: stub.env })).code).toBe(2);
    expect((await dr(['verify', '--all'], { env: stub.env })).code).toBe(4);
  });
});

test.each(['create', 'status', 'test'])('%s needs the gateway, so --repo is refused', async (word) => {
  const ran = await dr(['--repo', '/tmp', word, ...(word === 'status' ? [ID] : [])]);
  expect(ran.code).toBe(2);
  expect(ran.stderr).toContain(`dr ${word} needs the gateway`);
});
