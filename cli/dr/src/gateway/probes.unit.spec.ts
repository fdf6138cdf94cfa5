import { type Answer, type Asked, problem } from '../testing/stub-gateway.ts';
import { gateway, ok, stopGateways } from '../testing/stubs.ts';
import { dr } from '../testing/terminal.ts';

afterEach(stopGateways);

const well = (service: string) => ({ service, ok: true, problems: [] });
const step = (name: string) => ({ step: name, ok: true, milliseconds: 1.4 });
const storage = {
  ok: true,
  backends: [{ name: 'repository', uri: 'file:///r', ok: true, steps: ['open', 'write', 'read', 'delete'].map(step) }],
  parts: [
    { name: 'passphrase', ok: true, milliseconds: 80 },
    { name: 'source root', ok: true, milliseconds: 2, detail: '3 tenants' },
    { name: 'log', ok: true, milliseconds: 1, detail: 'worked off' },
  ],
};

const healthy = ({ path }: Asked): Answer => {
  if (path === '/health/ready') return ok({ status: 'ok', services: ['gateway', 'catalog', 'archiver', 'restorer'].map(well) });
  if (path === '/api/v1/test-backup') return ok(storage);
  return ok(path.endsWith('/backups') ? { backups: [], next_cursor: null } : { status: 'ok' });
};

interface Told {
  ok: boolean;
  checks: { name: string; outcome: string; detail: string; ms?: number }[];
}

async function told(answer: (asked: Asked) => Answer, given: { now?: () => number } = {}): Promise<Told & { code: number }> {
  const ran = await dr(['test', '--json'], { env: (await gateway(answer)).env, ...given });
  return { ...(JSON.parse(ran.stdout) as Told), code: ran.code };
}

const failedOf = ({ checks }: Told) => checks.filter(({ outcome }) => outcome === 'failed').map(({ name, detail }) => [name, detail]);

test('a house that is well: every check and its time', async () => {
  const stub = await gateway(healthy);
  const ran = await dr(['test'], { env: stub.env });
  expect(ran.code).toBe(0);
  expect(ran.stdout.split('\n').map((line) => line.split(/ {2,}/).slice(0, 2))).toEqual([
    ['CHECK', 'RESULT'],
    ...['gateway', 'clock', 'database', 'bus'].map((name) => [name, 'ok']),
    ...['gateway', 'catalog', 'archiver', 'restorer'].map((name) => [`service ${name}`, 'ok']),
    ...['services', 'API key', 'catalog'].map((name) => [name, 'ok']),
    ...['open', 'write', 'read', 'delete'].map((name) => [`repository: ${name}`, 'ok']),
    ...['passphrase', 'source root', 'log'].map((name) => [name, 'ok']),
    [''],
  ]);
  expect(ran.stdout).toMatch(/passphrase +ok +80\n/);
  expect(stub.asked.at(-1)!.method).toBe('POST');
});

test('a service, the database or the bus that is down is named, with its words once', async () => {
  const result = await told((asked) => {
    if (asked.path !== '/health/ready') return healthy(asked);
    const services = [
      { service: 'catalog', ok: false, problems: ['database: connection refused', 'sequencer: behind'] },
      { service: 'archiver', ok: false, problems: ['database: connection refused'] },
    ];
    return { status: 503, body: { status: 'not ready', services } };
  });
  expect(result).toMatchObject({ code: 1, ok: false });
  expect(failedOf(result)).toEqual([
    ['database', 'database: connection refused'],
    ['service catalog', 'database: connection refused; sequencer: behind'],
    ['service archiver', 'database: connection refused'],
    ['services', 'status 503'],
  ]);
});

test('a step of the repository or another part that fails is named', async () => {
  const broken = structuredClone(storage) as unknown as { backends: { steps: object[] }[]; parts: object[] };
  broken.backends[0]!.steps[1] = { step: 'write', ok: false, milliseconds: 3, error: 'ENOSPC' };
  broken.parts[0] = { name: 'passphrase', ok: false, milliseconds: 3, error: 'does not open' };
  const result = await told((asked) => (asked.path === '/api/v1/test-backup' ? ok({ ...broken, ok: false }) : healthy(asked)));
  expect(failedOf(result)).toEqual([
    ['repository: write', 'ENOSPC'],
    ['passphrase', 'does not open'],
  ]);
});

test('a key that is refused fails its check alone; what only an admin may test is skipped', async () => {
  const result = await told((asked) => {
    if (asked.path.endsWith('/backups')) return problem(401, 'auth.unauthenticated', 'bad key');
    return asked.path.endsWith('/test-backup') ? problem(403, 'auth.scope_missing', 'admin only') : healthy(asked);
  });
  expect(failedOf(result)).toEqual([['API key', 'status 401 bad key']]);
  expect(result.checks.filter(({ outcome }) => outcome === 'skipped').map(({ name }) => name)).toEqual(['catalog', 'storage']);
});

describe('clocks', () => {
  const clock = async (apartMs: number) => {
    const { checks } = await told(healthy, { now: () => Date.now() + apartMs });
    return checks.find(({ name }) => name === 'clock')!;
  };

  test.each([
    [0, 'ok', /no difference/],
    [-5_000, 'ok', /^[45]\.\d s behind the gateway$/],
    [60_000, 'failed', /^(59|60)\.\d s ahead of the gateway$/],
    [-3_600_000, 'failed', /behind the gateway$/],
  ])('%i ms apart are %s', async (apart, outcome, detail) => {
    expect(await clock(apart)).toMatchObject({ outcome, detail: expect.stringMatching(detail) });
  });

  test('a gateway that tells no time is no failure', async () => {
    const { checks } = await told((asked) => ({ ...(healthy(asked) as { status: number }), headers: { date: 'never' } }));
    expect(checks.find(({ name }) => name === 'clock')).toMatchObject({ outcome: 'skipped' });
  });
});

test('without a gateway everything that can be asked fails, in words', async () => {
  const { env } = await gateway(healthy);
  await stopGateways();
  const ran = await dr(['test'], { env });
  expect(ran.code).toBe(1);
  expect(ran.stdout.match(/ failed /g)).toHaveLength(4);
  expect(ran.stdout).toContain('ECONNREFUSED');
});
