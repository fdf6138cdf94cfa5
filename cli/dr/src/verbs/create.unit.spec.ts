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

  test('that lost its reply is not asked again: one call never makes two backups', async () => {
    const stub = await gateway(() => 'hang up');
    const ran = await dr(['create'], { env: stub.env });
    expect(ran).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('may have been accepted all the same') });
    expect(stub.asked).toHaveLength(1);
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

  test('goes on waiting while the gateway is away', async () => {
    const answers: Answer[] = [ok(backup('running')), 'hang up', problem(503, 'bus.unavailable', 'starting'), ok(backup('completed'))];
    const stub = await gateway(({ method }, turn) => (method === 'POST' ? ok(backup('pending'), 202) : (answers[turn - 1] ?? 'hang up')));
    const ran = await dr(['create'], { env: stub.env });
    expect(ran).toMatchObject({ code: 0, stdout: `Backup created: ${ID}\n` });
    expect(ran.stderr.match(/Waiting for it to come back/g)).toHaveLength(1);
  });

  test('gives up on a gateway that stays away', async () => {
    let now = 0;
    const stub = await gateway(({ method }) => (method === 'POST' ? ok(backup('pending'), 202) : 'hang up'));
    const ran = await dr(['create'], { env: stub.env, now: () => (now += 50_000) });
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain('cannot be reached');
  });

  test('Ctrl-C stops the waiting, prints the id and leaves the backup alone', async () => {
    const stop = new AbortController();
    const stub = await gateway(({ method }) => {
      if (method === 'GET') setTimeout(() => stop.abort(), 20);
      return ok(backup(method === 'POST' ? 'pending' : 'running'), method === 'POST' ? 202 : 200);
    });
    const ran = await dr(['create'], { env: stub.env, signal: stop.signal });
    expect(ran).toMatchObject({ code: 130, stdout: `Backup created: ${ID}\n` });
    expect(ran.stderr).toContain('the backup goes on');
    expect(stub.asked.some(({ path }) => path.includes('cancel'))).toBe(false);
  });
});
