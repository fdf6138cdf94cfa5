/**
 * 200 clients of 20 tenants create, list and restore without pause. Nothing but 429 with Retry-After is refused, memory stays bounded, and
 * every operation that was accepted ends honestly; none is lost. DR_LOAD_SECONDS: 120 in the long form.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { compareRule } from '@dr/deeplake';
import { compareFolders } from '../../deploy/local/src/demo/compare-folders.ts';
import { houseMemory } from './support/house-memory.ts';
import { RunningHouse } from './support/running-house.ts';
import { fixtureFolder, place } from './support/sources.ts';

const SECONDS = Number(process.env['DR_LOAD_SECONDS'] ?? 6);
const CLIENTS = 200;
const TENANTS = Array.from({ length: 20 }, (_, i) => `tenant-${i}`);
/** Of any process of the house; and of one PostgreSQL backend or of the whole house, without what they share. */
const RSS_MB_MAX = 600;
const BACKEND_MB_MAX = 100;
const HOUSE_MB_MAX = 2_000;
const KINDS = ['create', 'list', 'restore', 'list'] as const;
const UNENDED = ['pending', 'queued', 'running', 'verifying', 'swapping'];

interface Operation {
  tenant_id: string;
  status: string;
  backup_id: string;
  restore_id?: string;
  error_message: string | null;
  datasets: { to?: string }[];
}

let house: RunningHouse;
const sealed = new Map<string, string>();
const keys = new Map<string, string>();

beforeAll(async () => {
  house = await RunningHouse.start();
  for (const tenant of TENANTS) await place(house.source, tenant, 'tiny', ['v3-tiny', '']);
  for (const tenant of TENANTS) {
    const scopes = ['backup:read', 'backup:create', 'restore:run'];
    const key = await house.call<{ api_key: string }>('POST', '/api/v1/api-keys', { tenant_id: tenant, scopes });
    keys.set(tenant, key.body.api_key);
    const { backup_id, status } = await house.run<{ backup_id: string }>('/api/v1/backups', { tenant_id: tenant });
    expect(status).toBe('completed');
    sealed.set(tenant, backup_id);
  }
}, 180_000);

afterAll(() => house.stop(), 60_000);

/** What the clients were answered, and how long it took. */
const accepted: string[] = [];
const odd: string[] = [];
const durations = new Map<string, number[]>();

function ask(kind: (typeof KINDS)[number], n: number, round: number) {
  const tenant = TENANTS[n % TENANTS.length]!;
  // Every other client has its tenant's own key, the rest the one for all.
  const own = Math.floor(n / TENANTS.length) % 2 === 0;
  const headers: Record<string, string> = own ? { authorization: `ApiKey ${keys.get(tenant)}` } : {};
  if (kind === 'list') return house.call('GET', `/api/v1/backups?limit=20${own ? '' : `&tenant_id=${tenant}`}`, undefined, headers);
  if (kind === 'create')
    return house.call('POST', '/api/v1/backups', { dataset_ids: ['tiny'], ...(own ? {} : { tenant_id: tenant }) }, headers);
  return house.call('POST', `/api/v1/backups/${sealed.get(tenant)}/restore`, { dataset_mapping: { tiny: `copy-${n}-${round}` } }, headers);
}

/** One request of client `n`. Whoever is told to come later comes a little later, much sooner than it was told. */
async function step(n: number, round: number): Promise<void> {
  const kind = KINDS[(n + round) % KINDS.length]!;
  const begun = performance.now();
  const { status, headers, body } = await ask(kind, n, round);
  const name = `${kind} ${status}`;
  if (!durations.has(name)) durations.set(name, []);
  durations.get(name)!.push(performance.now() - begun);
  if (status === 202) accepted.push(headers.get('location')!.split('/').at(-1)!);
  else if (status === 429 && headers.get('retry-after')) await pause(200);
  else if (status !== 200) odd.push(`${name} ${JSON.stringify(body)}`);
  const others = ((body['backups'] ?? []) as Operation[]).filter(({ tenant_id }) => tenant_id !== TENANTS[n % TENANTS.length]);
  if (kind === 'list' && (others.length > 0 || status !== 200)) odd.push(`${name} of another tenant: ${JSON.stringify(others)}`);
}

/** The peaks of every process, and of all together, in MB. */
async function watch(until: () => boolean): Promise<{ parts: Record<string, number>; backend: number; house: number }> {
  const parts: Record<string, number> = {};
  const peak = { backend: 0, house: 0 };
  while (!until()) {
    const memory = houseMemory(house.home);
    for (const [name, { mb, ownMb }] of memory) {
      if (name.startsWith('postgres ')) peak.backend = Math.max(peak.backend, Math.round(ownMb));
      const shown = name.replace(/ \d+$/, '');
      parts[shown] = Math.max(parts[shown] ?? 0, Math.round(mb));
    }
    peak.house = Math.max(peak.house, Math.round([...memory.values()].reduce((sum, { ownMb }) => sum + ownMb, 0)));
    await pause(250);
  }
  return { parts, ...peak };
}

/** All that the house lists under this path, page by page. */
async function listed(kind: 'backups' | 'restores'): Promise<Map<string, Operation>> {
  const found = new Map<string, Operation>();
  for (let cursor = ''; ; ) {
    const { body } = await house.call<Record<string, unknown>>('GET', `/api/v1/${kind}?limit=500${cursor && `&cursor=${cursor}`}`);
    for (const one of body[kind] as Operation[]) found.set(one.restore_id ?? one.backup_id, one);
    if (!body['next_cursor']) return found;
    cursor = String(body['next_cursor']);
  }
}

async function whenAllEnded(msMax: number): Promise<Map<string, Operation>> {
  for (let waited = 0; ; waited += 1_000) {
    const all = new Map([...(await listed('backups')), ...(await listed('restores'))]);
    const open = [...all].filter(([, { status }]) => UNENDED.includes(status));
    if (open.length === 0) return all;
    if (waited > msMax) throw new Error(`${open.length} have not ended, such as ${JSON.stringify(open[0])}:\n${house.diagnosis()}`);
    await pause(1_000);
  }
}

const ofOrder = (values: number[], part: number): number =>
  Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? 0);

let peaks: Awaited<ReturnType<typeof watch>>;
let ends: Map<string, Operation>;

test(
  `${CLIENTS} clients for ${SECONDS} s: nothing is refused but with 429 and Retry-After`,
  async () => {
    const until = performance.now() + SECONDS * 1_000;
    let ended = false;
    const watching = watch(() => ended);
    const client = async (n: number) => {
      for (let round = 0; performance.now() < until; round++) await step(n, round);
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, n) => client(n)));
    const draining = performance.now();
    ends = await whenAllEnded(SECONDS * 1_000 + 300_000).finally(() => (ended = true));
    peaks = await watching;
    const statuses = [...durations].map(([name, ms]) => [name, { n: ms.length, p50: ofOrder(ms, 0.5), p99: ofOrder(ms, 0.99) }]);
    const drained_s = Math.round((performance.now() - draining) / 1_000);
    process.stderr.write(`load: ${JSON.stringify({ ...Object.fromEntries(statuses), drained_s, peaks })}\n`);
    expect(odd.slice(0, 5)).toEqual([]);
    expect(accepted.length).toBeGreaterThan(50);
  },
  SECONDS * 2_000 + 400_000,
);

test('memory was bounded: of every process, of PostgreSQL’s backends, of the house', () => {
  expect(Object.keys(peaks.parts)).toEqual(expect.arrayContaining(['gateway', 'catalog', 'archiver', 'restorer', 'nats', 'postgres']));
  expect(Object.entries(peaks.parts).filter(([, mb]) => mb > RSS_MB_MAX)).toEqual([]);
  expect(peaks.backend).toBeGreaterThan(0);
  expect(peaks.backend).toBeLessThan(BACKEND_MB_MAX);
  expect(peaks.house).toBeLessThan(HOUSE_MB_MAX);
});

test('what was accepted is what there is, no more and no less, and all of it completed', async () => {
  expect([...ends.keys()].sort()).toEqual([...accepted, ...sealed.values()].sort());
  expect([...ends.values()].filter(({ status }) => status !== 'completed').slice(0, 5)).toEqual([]);
  expect(
    await house.sql('SELECT operation_id FROM open_operations UNION ALL SELECT job_id FROM jobs WHERE status <> $1', ['done']),
  ).toEqual([]);
});

test('every restored data set lies where it was wanted, and of each tenant the last one is the same to the byte', async () => {
  const original = await fixtureFolder('v3-tiny', '');
  const places = [...ends.values()].filter((end) => end.restore_id).map((end) => join(house.source, end.tenant_id, end.datasets[0]!.to!));
  expect(places.filter((place) => !existsSync(place))).toEqual([]);
  const sample = places.slice(-TENANTS.length);
  for (const copy of sample) expect(compareFolders(original, copy, (path) => compareRule(path, 'v3'))).toMatchObject({ different: [] });
});
