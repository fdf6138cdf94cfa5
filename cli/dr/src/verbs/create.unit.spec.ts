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

describe('create', () => {
  /** Accepts a backup, which ends after `asks` questions. */
  const accepting = (end: object, asks = 2) => {
    let asked = 0;
    return gateway(({ method }) => {
      if (method === 'POST') return ok(backup('pending'), 202);
      return ok(++asked < asks ? backup('running') : end);
    });
  };

  test('Ctrl-C while the request is on its way says that the backup may have been accepted', async () => {
    const stop = new AbortController();
    const stub = await gateway(() => {
      stop.abort();
      return ok(backup('pending'), 202);
    });
    const ran = await dr(['create'], { env: stub.env, signal: stop.signal });
    expect(ran.code).toBe(130);
    expect(ran.stderr).toContain('the backup may have been accepted all the same: look (dr list)');
  });

  test('what lies at the source and is in no data set is told after a backup of everything', async () => {
    const paths = Array.from({ length: 7 }, (_, i) => ({ path: `acme/shut-${i}`, message: 'The folder may not be read.' }));
    const stub = await gateway(({ method, path }) => {
      if (path.startsWith('/api/v1/datasets')) return ok({ datasets: [], unprotected: paths, next_cursor: null });
      return method === 'POST' ? ok(backup('pending'), 202) : ok(backup('completed'));
    });
    const ran = await dr(['create'], { env: stub.env });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toBe(`Backup created: ${ID}\n`);
    expect(ran.stderr).toContain('Not in any backup: acme/shut-4: The folder may not be read.');
    expect(ran.stderr).toContain('Not in any backup: 2 more (dr datasets --tenant-id acme)');
    expect((await dr(['create', '--dataset-ids', 'a'], { env: stub.env })).stderr).not.toContain('Not in any backup');
  });

  test('a tenant whose folder may not be looked into makes a backup of all tenants end with exit code 3', async () => {
    const left_out = {
      total: 2,
      lost: 1,
      paths: [
        { path: 'shut', reason: 'unreadable' },
        { path: 'link', reason: 'symlink' },
      ],
    };
    const stub = await gateway(({ method, body }) => {
      if (method !== 'POST') return ok(backup('completed'));
      const isAll = (body as { all_tenants?: boolean }).all_tenants === true;
      return isAll ? ok({ backups: [backup('pending')], left_out }, 202) : problem(400, 'request.tenant_needed', 'which?');
    });
    const ran = await dr(['create'], { env: stub.env });
    expect([ran.code, ran.stdout]).toEqual([3, `Backup created: ${ID}\n`]);
    expect(ran.stderr).toContain('Of no tenant, so in no backup: shut (unreadable)');
  });

  test('asks for what was said, waits, and ends with the id', async () => {
    const stub = await accepting(backup('completed'));
    const argv = ['create', '--type', 'full', '--tenant-id', 'acme', '--dataset-ids', 'articles,support', '--description', 'd d'];
    const ran = await dr(argv, { env: stub.env });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toBe(`Backup created: ${ID}\n`);
    expect(ran.stderr).toContain(`${ID} of acme completed, 2 data sets, 33.8 KiB, 19.5 KiB added to the store`);
    expect(stub.asked[0]).toMatchObject({
      method: 'POST',
      path: '/api/v1/backups',
      body: { type: 'full', tenant_id: 'acme', dataset_ids: ['articles', 'support'], description: 'd d' },
      headers: {
        authorization: 'ApiKey dr_test',
        'content-type': 'application/json',
        'idempotency-key': expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    });
    expect(stub.asked.slice(1).map(({ path }) => path)).toEqual(Array(2).fill(`/api/v1/backups/${ID}`));
  });

  test('sends nothing that was not said', async () => {
    const stub = await accepting(backup('completed'), 1);
    await dr(['create'], { env: stub.env });
    expect(stub.asked[0]!.body).toEqual({ type: 'full' });
  });

  test.each([
    ['partial', 3, `Backup created: ${ID}\n`],
    ['failed', 1, ''],
    ['cancelled', 1, ''],
  ])('that ends %s has exit code %i', async (status, code, stdout) => {
    const stub = await accepting(backup(status, { error_message: 'support: torn head' }), 1);
    const ran = await dr(['create', '--tenant-id', 'acme'], { env: stub.env });
    expect(ran).toMatchObject({ code, stdout });
    expect(ran.stderr).toContain(`${status}, 2 data sets`);
    expect(ran.stderr).toContain('support: torn head');
  });

  test('--no-wait returns at once', async () => {
    const stub = await accepting(backup('completed'));
    expect(await dr(['create', '--no-wait'], { env: stub.env })).toEqual({ code: 0, stdout: `Backup created: ${ID}\n`, stderr: '' });
    expect(stub.asked).toHaveLength(1);
  });

  test('--json gives the backup as it ended', async () => {
    const stub = await accepting(backup('completed'), 1);
    const ran = await dr(['create', '--json'], { env: stub.env });
    expect(JSON.parse(ran.stdout)).toEqual(backup('completed'));
  });

  test('draws progress on a terminal', async () => {
    const stub = await accepting(backup('completed'));
    const ran = await dr(['create'], { env: stub.env, isTerminal: true });
    expect(ran.stderr).toContain(`\r${ID}  [############------------]  50 %  1 of 2 data sets, running`);
    expect(ran.stdout).toBe(`Backup created: ${ID}\n`);
  });

  test('with a key of all tenants backs up all of them, and says so', async () => {
    const [a, b] = [backup('completed'), backup('partial', { backup_id: 'backup_b', tenant_id: 'other' })];
    const stub = await gateway(({ method, path, body }) => {
      if (method === 'POST' && !(body as { all_tenants?: boolean }).all_tenants) return problem(400, 'request.tenant_needed', 'name one');
      if (method === 'POST') return ok({ backups: [a, b] }, 202);
      return ok(path.endsWith('backup_b') ? b : a);
    });
    const ran = await dr(['create', '--type', 'full'], { env: stub.env });
    expect(ran).toMatchObject({ code: 3, stdout: `Backup created: ${ID}\nBackup created: backup_b\n` });
    expect(ran.stderr).toContain('backing up all tenants');
    expect(stub.asked[1]!.body).toEqual({ type: 'full', all_tenants: true });
  });

  test('of named data sets is never widened to all tenants', async () => {
    const stub = await gateway(() => problem(400, 'request.tenant_needed', 'name one'));
    expect(await dr(['create', '--dataset-ids', 'a'], { env: stub.env })).toMatchObject({ code: 2, stdout: '' });
    expect(stub.asked).toHaveLength(1);
  });

  test('that lost its reply is asked again with the same Idempotency-Key, so that one call never makes two backups', async () => {
    const answers: Answer[] = ['hang up', problem(503, 'bus.unavailable', 'starting'), ok(backup('pending'), 202)];
    const stub = await gateway(({ method }) => (method === 'POST' ? answers.shift()! : ok(backup('completed'))));
    const ran = await dr(['create'], { env: stub.env });
    expect(ran).toMatchObject({ code: 0, stdout: `Backup created: ${ID}\n` });
    expect(ran.stderr.match(/Asking for the backup again/g)).toHaveLength(1);
    const posts = stub.asked.filter(({ method }) => method === 'POST');
    expect(posts).toHaveLength(3);
    expect(new Set(posts.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
  });

  test('two calls are two keys', async () => {
    const stub = await accepting(backup('completed'), 1);
    await dr(['create', '--no-wait'], { env: stub.env });
    await dr(['create', '--no-wait'], { env: stub.env });
    expect(new Set(stub.asked.map(({ headers }) => headers['idempotency-key'])).size).toBe(2);
  });

  test('a lost reply is worth waiting for, also while the gateway is gone', async () => {
    const stub = await gateway(() => 'hang up');
    let now = 0;
    const ran = dr(['create'], { env: stub.env, now: () => (now += 40_000) });
    while (stub.asked.length === 0) await new Promise((done) => setTimeout(done, 5));
    await stubs.pop()!.stop();
    expect(await ran).toMatchObject({ code: 1, stdout: '' });
    expect(now).toBeGreaterThan(100_000);
  });

  test('gives up on replies that stay lost, and says what may have happened', async () => {
    let now = 0;
    const stub = await gateway(() => 'hang up');
    const ran = await dr(['create'], { env: stub.env, now: () => (now += 50_000) });
    expect(ran).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('may have been accepted all the same') });
  });

  test('waits when the gateway has too much to do, as long as it says', async () => {
    const busy = problem(429, 'jobs.queue_full', 'too much') as Exclude<Answer, 'hang up'>;
    const answers: Answer[] = [{ ...busy, headers: { 'retry-after': '1' } }, ok(backup('pending'), 202)];
    const stub = await gateway(({ method }) => (method === 'POST' ? answers.shift()! : ok(backup('completed'))));
    const since = performance.now();
    expect(await dr(['create'], { env: stub.env })).toMatchObject({ code: 0, stdout: `Backup created: ${ID}\n` });
    expect(performance.now() - since).toBeGreaterThan(990);
  });

  test('Ctrl-C before there is an answer says that it may have been accepted', async () => {
    const stop = new AbortController();
    const stub = await gateway(() => {
      setTimeout(() => stop.abort(), 20);
      return 'hang up';
    });
    const ran = await dr(['create'], { env: stub.env, signal: stop.signal });
    expect(ran).toMatchObject({ code: 130, stdout: '', stderr: expect.stringContaining('may have been accepted all the same') });
  });

  test('finds a gateway that starts only now', async () => {
    const stub = await accepting(backup('completed'), 1);
    const { url } = stub;
    await stubs.pop()!.stop();
    const ran = dr(['create'], { env: { DR_URL: url, DR_API_KEY: 'k' } });
    await new Promise((done) => setTimeout(done, 100));
    stubs.push(await stub.start(Number(new URL(url).port)));
    expect(await ran).toMatchObject({ code: 0, stdout: `Backup created: ${ID}\n` });
  });

  test('goes on waiting while the gateway or its database is away, and says so once', async () => {
    const away: Answer[] = [
      'hang up',
      problem(503, 'bus.unavailable', 'starting'),
      problem(500, 'internal', 'no database'),
      { status: 502, body: '<html>' },
    ];
    const answers: Answer[] = [ok(backup('running')), ...away, ok(backup('running')), ok(backup('completed'))];
    const stub = await gateway(({ method }, turn) => (method === 'POST' ? ok(backup('pending'), 202) : (answers[turn - 1] ?? 'hang up')));
    const ran = await dr(['create'], { env: stub.env });
    expect(ran).toMatchObject({ code: 0, stdout: `Backup created: ${ID}\n` });
    expect(ran.stderr.match(/goes on by itself/g)).toHaveLength(1);
    expect(ran.stderr).toContain('There is an answer again.');
  });

  test('says every minute that it still waits, and gives up after ten with the id', async () => {
    let now = 0;
    const stub = await gateway(({ method }) => (method === 'POST' ? ok(backup('pending'), 202) : 'hang up'));
    const given = { env: stub.env, now: () => (now += 80_000) };
    const ran = await dr(['create'], given);
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr.match(/still waiting/g)!.length).toBeGreaterThan(3);
    expect(ran.stderr).toContain(
      `Stopped waiting for ${ID} after 10 minutes without an answer; it goes on by itself. Ask later: dr status ${ID} --wait`,
    );
    const asJson = await dr(['create', '--json'], given);
    expect(JSON.parse(asJson.stderr.trim().split('\n').at(-1)!)).toMatchObject({
      error: { code: 'cli.lost_sight', details: { id: ID }, exit_code: 1 },
    });
  });

  test.each([404, 401, 501])('an answer with %i while it waits is an answer', async (status) => {
    const stub = await gateway(({ method }) => (method === 'POST' ? ok(backup('pending'), 202) : problem(status, 'x', 'gone')));
    expect(await dr(['create'], { env: stub.env })).toMatchObject({ stdout: '', stderr: expect.stringMatching(/^dr: gone/) });
    expect(stub.asked).toHaveLength(2);
  });

  test('Ctrl-C stops the waiting, prints the id and leaves the backup alone', async () => {
    const stop = new AbortController();
    const stub = await gateway(({ method }) => {
      if (method === 'GET') setTimeout(() => stop.abort(), 20);
      return ok(backup(method === 'POST' ? 'pending' : 'running'), method === 'POST' ? 202 : 200);
    });
    const ran = await dr(['create'], { env: stub.env, signal: stop.signal });
    expect(ran).toMatchObject({ code: 130, stdout: `Backup created: ${ID}\n` });
    expect(ran.stderr).toContain(`the backup goes on. Wait for it again: dr status ${ID} --wait`);
    expect(stub.asked.some(({ path }) => path.includes('cancel'))).toBe(false);
  });
});
