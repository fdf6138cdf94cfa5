/** What can be read of a house at work: every reply as the OpenAPI document says it, contents, progress, events, data sets, the test of the store. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Documented } from '../api/support/documented.ts';
import { SseClient } from '../api/support/sse.ts';
import { type Reply, RunningHouse } from './support/running-house.ts';
import { place } from './support/sources.ts';

let house: RunningHouse;
let documented: Documented;
let credentials: { url: string; api_key: string };
let id: string;

beforeAll(async () => {
  house = await RunningHouse.start();
  documented = new Documented((await house.call('GET', '/api/v1/openapi.json')).body as never);
  credentials = JSON.parse(readFileSync(join(house.home, 'credentials.json'), 'utf8'));
  await place(house.source, 'acme', 'articles', ['gen-v4-full', 'ds']);
  await place(house.source, 'acme', 'tiny', ['v3-tiny', '']);
  id = (await house.run<{ backup_id: string }>('/api/v1/backups', { tenant_id: 'acme', description: 'nightly' })).backup_id;
}, 120_000);

afterAll(() => house.stop(), 30_000);

/** Calls, and holds the reply against the document. */
async function call<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<Reply<T>> {
  const reply = await house.call<T>(method, path, body);
  const type = reply.headers.get('content-type') ?? '';
  expect([method, path, documented.problemsOf(method, path, { status: reply.status, type, body: reply.body })]).toEqual([method, path, []]);
  return reply;
}

const stream = (path: string) => SseClient.open(`${credentials.url}${path}`, { authorization: `ApiKey ${credentials.api_key}` });

test('replies of every kind of resource are as documented', async () => {
  const restore = await house.run<{ restore_id: string }>(`/api/v1/backups/${id}/restore`, { target_tenant: 'copy' });
  const verification = await house.run<{ verification_id: string }>(`/api/v1/backups/${id}/verify`, { level: 'quick' });
  const paths = [
    '/api/v1/backups',
    `/api/v1/backups/${id}`,
    `/api/v1/backups/${id}/contents`,
    '/api/v1/restores',
    `/api/v1/restores/${restore.restore_id}`,
    `/api/v1/verifications/${verification.verification_id}`,
    ...[id, restore.restore_id, verification.verification_id].map((operation) => `/api/v1/operations/${operation}/progress`),
    '/api/v1/datasets',
    '/api/v1/config',
    '/api/v1/openapi.json',
    '/health/live',
  ];
  for (const path of paths) expect([path, (await call('GET', path)).status]).toEqual([path, 200]);
  expect((await call('POST', '/api/v1/backups', { tenant_id: 'acme', dataset_ids: ['tiny'] })).status).toBe(202);
  expect((await call('POST', '/api/v1/backups', { all_tenants: true })).status).toBe(202);
  expect((await call('POST', `/api/v1/backups/${id}/restore`, { target_tenant: 'copy2' })).status).toBe(202);
  expect((await call('POST', `/api/v1/backups/${id}/verify`)).status).toBe(202);
}, 120_000);

interface Contents {
  files: { dataset_id: string; path: string; size: number; digest: string | null }[];
  next_cursor: string | null;
}

describe('contents', () => {
  const contents = async (query = '') => (await call<Contents>('GET', `/api/v1/backups/${id}/contents${query}`)).body;
  const names = (page: Contents) => page.files.map((f) => `${f.dataset_id}/${f.path}`);

  test('pages of three hold together what one page holds, each file once', async () => {
    const whole = names(await contents());
    const found: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: Contents = await contents(`?limit=3${cursor && `&cursor=${cursor}`}`);
      found.push(...names(page));
      cursor = page.next_cursor;
    }
    expect(whole.length).toBeGreaterThan(10);
    expect(new Set(whole).size).toBe(whole.length);
    expect(found).toEqual(whole);
  });

  test('a data set, and a path below it, narrow them', async () => {
    const tiny = await contents('?dataset_id=tiny');
    expect(tiny.files.every((f) => f.dataset_id === 'tiny' && f.digest?.length === 64)).toBe(true);
    const { path } = tiny.files.find((f) => f.path.includes('/'))!;
    const folder = path.split('/')[0]!;
    const below = await contents(`?dataset_id=tiny&path=${encodeURIComponent(folder)}`);
    expect(names(below)).toEqual(names(tiny).filter((name) => name.startsWith(`tiny/${folder}/`)));
  });

  test.each(['?dataset_id=nothing', '?dataset_id=tiny&path=no/such/file', '?path=no/such/file'])('%s is nothing: 404', async (query) => {
    expect((await call('GET', `/api/v1/backups/${id}/contents${query}`)).status).toBe(404);
  });
});

test('progress is told as a stream until the end', async () => {
  const asked = await house.call<{ backup_id: string }>('POST', '/api/v1/backups', { tenant_id: 'acme' });
  const client = await stream(`/api/v1/operations/${asked.body.backup_id}/progress`);
  await client.ended;
  const last = client.received.at(-1)!;
  expect([last.event, last.data['ended'], last.data['status']]).toEqual(['end', true, 'completed']);
  expect(last.data['bytes_done']).toBeGreaterThan(1000);
  expect(last.data['bytes_total']).toBe(last.data['bytes_done']);
  expect(last.data['datasets_done']).toBe(2);
}, 60_000);

test('the events of a backup come in its order, from its request to its seal', async () => {
  const client = await stream('/api/v1/events?tenant_id=acme');
  const { backup_id } = await house.run<{ backup_id: string }>('/api/v1/backups', { tenant_id: 'acme', dataset_ids: ['tiny'] });
  const own = () =>
    client.received.filter((r) => String(r.data['subject']).includes(backup_id)).map((r) => String(r.data['type']).split('.')[1]);
  for (let waited = 0; waited < 50 && !own().includes('BackupSealed'); waited++) await new Promise((r) => setTimeout(r, 100));
  await client.close();
  expect(own()).toEqual(['BackupRequested', 'BackupStarted', 'DatasetCaptured', 'BackupCapturesEnded', 'BackupSealed']);
}, 60_000);

test('data sets are protected as soon as their backup is sealed', async () => {
  type Datasets = { datasets: { dataset_id: string; protected: boolean; rpo_age_seconds: number }[] };
  const { body } = await call<Datasets>('GET', '/api/v1/datasets?tenant_id=acme');
  expect(body.datasets.map((d) => [d.dataset_id, d.protected])).toEqual([
    ['articles', true],
    ['tiny', true],
  ]);
  for (const { rpo_age_seconds } of body.datasets) expect(rpo_age_seconds).toBeLessThan(300);
});

test('the store is tested with an object that is gone afterwards', async () => {
  const { body } = await call<{ ok: boolean; backends: { uri: string; steps: { step: string; ok: boolean }[] }[] }>(
    'POST',
    '/api/v1/test-backup',
  );
  expect(body.ok).toBe(true);
  expect(body.backends.map((b) => b.uri)).toEqual([`file://${house.repository}`]);
  expect(body.backends[0]!.steps.map((s) => [s.step, s.ok])).toEqual([
    ['open', true],
    ['write', true],
    ['read', true],
    ['delete', true],
  ]);
  const verified = await house.run(`/api/v1/backups/${id}/verify`, { level: 'full' });
  expect(verified.status).toBe('passed');
}, 60_000);

test('the house stops at once although streams are open', async () => {
  const client = await stream('/api/v1/events');
  const since = performance.now();
  await house.stop();
  await client.ended;
  expect(performance.now() - since).toBeLessThan(15_000);
}, 30_000);
