/** Bad input: a clear problem+json for each, and nothing begun. And damage: a flipped bit is named by verify and by the restore that needs it. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Reply, RunningHouse } from './support/running-house.ts';
import { place } from './support/sources.ts';

interface Problem {
  code: string;
  detail: string;
  request_id: string;
  errors?: { pointer: string }[];
}

let house: RunningHouse;
let id: string;

beforeAll(async () => {
  house = await RunningHouse.start();
  await place(house.source, 'acme', 'articles', ['gen-v4-full', 'ds']);
  await place(house.source, 'acme', 'tiny', ['v3-tiny', '']);
  id = (await house.run<{ backup_id: string }>('/api/v1/backups', { tenant_id: 'acme' })).backup_id;
}, 120_000);

afterAll(() => house.stop(), 30_000);

const backups = '/api/v1/backups';
const restoreOf = (backup: string) => `${backups}/${backup}/restore`;

test.each<[string, string, string, unknown, number, string]>([
  ['an unknown data set', 'POST', backups, { tenant_id: 'acme', dataset_ids: ['articles', 'no'] }, 404, 'backup.unknown_dataset'],
  ['an unknown tenant', 'POST', backups, { tenant_id: 'nobody' }, 422, 'backup.nothing_selected'],
  ['an empty list of data sets', 'POST', backups, { tenant_id: 'acme', dataset_ids: [] }, 400, 'request.invalid'],
  ['no tenant for a key of all', 'POST', backups, {}, 400, 'request.tenant_needed'],
  ['a typo in a field', 'POST', backups, { tenant_id: 'acme', dataset_id: 'articles' }, 400, 'request.invalid'],
  ['a wrong type', 'POST', backups, { tenant_id: 5 }, 400, 'request.invalid'],
  ['JSON that is none', 'POST', backups, '{"tenant_id":', 400, 'request.invalid'],
  ['a body that is too large', 'POST', backups, { description: 'x'.repeat(2_000_000) }, 413, 'request.too_large'],
  ['a type that there is not', 'POST', backups, { tenant_id: 'acme', type: 'mirror' }, 400, 'request.invalid'],
  ['a backup that is not there', 'GET', `${backups}/backup_20200101_000000_00000000`, undefined, 404, 'backup.not_found'],
  ['a route that is not there', 'GET', '/api/v1/nothing', undefined, 404, 'route.not_found'],
  ['a URL that cannot be decoded', 'GET', `${backups}/%zz`, undefined, 400, 'request.invalid'],
  ['a limit beyond the limit', 'GET', `${backups}?limit=1001`, undefined, 400, 'request.invalid'],
  ['a cursor from elsewhere', 'GET', `${backups}?cursor=abc`, undefined, 400, 'request.bad_cursor'],
])('%s is refused', async (_, method, path, body, status, code) => {
  const before = await count();
  const reply = await house.call<Problem>(method, path, body);
  expectProblem(reply, status, code);
  expect(await count()).toBe(before);
});

test.each<[string, object, number, string]>([
  ['a target that exists', {}, 409, 'restore.target_exists'],
  ['a data set that the backup does not hold', { dataset_ids: ['other'], target_tenant: 'x' }, 422, 'restore.not_in_backup'],
  [
    'a place inside a data set',
    { dataset_ids: ['tiny'], dataset_mapping: { tiny: 'articles/x' }, overwrite_existing: true },
    409,
    'restore.target_inside_dataset',
  ],
  ['one data set inside the other', { dataset_mapping: { tiny: 'articles/x' }, target_tenant: 'x' }, 422, 'restore.mapping_conflict'],
  ['two data sets in one place', { dataset_mapping: { articles: 'tiny' }, target_tenant: 'x' }, 422, 'restore.mapping_conflict'],
  ['a target that leads out of the tenant', { target_tenant: 'x', dataset_mapping: { tiny: '../../x' } }, 422, 'restore.bad_target'],
  ['a target tenant that leads out of the source', { target_tenant: '../x' }, 422, 'restore.bad_target'],
  [
    'a mapping of a data set that is not selected',
    { target_tenant: 'x', dataset_ids: ['tiny'], dataset_mapping: { articles: 'b' } },
    422,
    'restore.mapping_not_selected',
  ],
  ['another backup in the body', { backup_id: 'other', target_tenant: 'x' }, 400, 'request.invalid'],
  ['a version that a data set does not have', { version: 'v1', target_tenant: 'x' }, 422, 'restore.version_unknown'],
  ['a version of some paths', { version: 'main', paths: ['*'], target_tenant: 'x' }, 422, 'restore.option_not_supported'],
  ['force without overwrite', { force: true, target_tenant: 'x' }, 422, 'restore.option_not_supported'],
  ['globs that match nothing', { paths: ['nothing/*'], target_tenant: 'x' }, 422, 'restore.paths_match_nothing'],
  ['globs over what is there', { paths: ['*'], overwrite_existing: true }, 422, 'restore.option_not_supported'],
  ['indexes left out of a v4 set', { restore_indexes: false, target_tenant: 'x' }, 422, 'restore.option_not_supported'],
])('a restore with %s is refused', async (_, body, status, code) => {
  expectProblem(await house.call<Problem>('POST', restoreOf(id), body), status, code);
  for (const folder of [house.source, house.home]) expect(existsSync(join(folder, 'x'))).toBe(false);
});

test('the field that is wrong is named', async () => {
  const { body } = await house.call<Problem>('POST', backups, { tenant_id: 'acme', dataset_id: 'articles' });
  expect(body.errors?.map((e) => e.pointer)).toEqual(['/dataset_id']);
});

test.each([
  ['no key', { authorization: '' }],
  ['a key nobody made', { authorization: `ApiKey dr_${'A'.repeat(43)}` }],
])('%s is 401', async (_, headers) => {
  expectProblem(await house.call<Problem>('GET', backups, undefined, headers), 401, 'auth.unauthenticated');
});

test('health needs no key and tells what is wrong with each service: nothing, or nothing for long', async () => {
  type Ready = { services: { service: string; problems: string[] }[] };
  const ask = () => house.call<Ready>('GET', '/health/ready', undefined, { authorization: '' });
  let reply = await ask();
  for (let tries = 0; tries < 20 && reply.status !== 200; tries++) {
    await pause(500);
    reply = await ask();
  }
  const wanted = ['gateway', 'catalog', 'archiver', 'restorer'].map((name) => [name, []]);
  expect(reply.body.services.map((s) => [s.service, s.problems])).toEqual(wanted);
  expect(reply.status).toBe(200);
});

test('one flipped bit in a pack: verify fails naming the object, the restore fails and leaves nothing', async () => {
  const pack = join(house.repository, largestPack());
  const bytes = readFileSync(pack);
  bytes[Math.floor(bytes.length / 2)]! ^= 4;
  writeFileSync(pack, bytes);
  const verification = await house.run<{ findings: { object: string }[] }>(`${backups}/${id}/verify`, { level: 'full' });
  expect(verification.status).toBe('failed');
  expect(verification.findings.some(({ object }) => pack.endsWith(object))).toBe(true);
  const restore = await house.run<{ datasets: { status: string; error_message?: string }[] }>(restoreOf(id), { target_tenant: 'z' });
  const failed = restore.datasets.filter((d) => d.status === 'failed');
  expect(['failed', 'partial']).toContain(restore.status);
  expect(failed.length).toBeGreaterThan(0);
  expect(failed.every((d) => d.error_message?.includes('packs/'))).toBe(true);
}, 120_000);

function largestPack(): string {
  const sizes = house.packPaths().map((path) => [readFileSync(join(house.repository, path)).length, path] as const);
  return sizes.sort((a, b) => b[0] - a[0])[0]![1];
}

const count = async () => (await house.call<{ backups: object[] }>('GET', backups)).body.backups.length;

function expectProblem({ status, headers, body }: Reply<Problem>, wanted: number, code: string): void {
  expect([status, body.code]).toEqual([wanted, code]);
  expect(headers.get('content-type')).toContain('application/problem+json');
  expect(body.request_id).toMatch(/^[0-9a-f-]{36}$/);
  expect(headers.get('x-request-id')).toBe(body.request_id);
  expect(body.detail.length).toBeGreaterThan(10);
}

test('the trace of a request goes through events and jobs to the end of its backup', async () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
  const asked = await house.call('POST', backups, { tenant_id: 'acme', dataset_ids: ['tiny'] }, headers);
  const { backup_id } = await house.ended<{ backup_id: string }>(asked.headers.get('location')!);
  const traces = await house.sql<{ type: string; trace: string }>(
    `SELECT convert_from(body, 'UTF8')::jsonb ->> 'type' AS type, convert_from(body, 'UTF8')::jsonb -> 'meta' ->> 'traceparent' AS trace
       FROM events WHERE stream LIKE '%' || $1 || '%' ORDER BY stream, version`,
    [backup_id],
  );
  expect(traces.map((t) => t.type)).toEqual(['BackupRequested', 'BackupStarted', 'BackupCapturesEnded', 'BackupSealed', 'DatasetCaptured']);
  expect(traces.map((t) => t.trace?.split('-')[1])).toEqual(traces.map(() => traceId));
}, 60_000);

test('a backup that is cancelled ends as cancelled, with a tombstone in storage, or was faster and is completed', async () => {
  const asked = await house.call<{ backup_id: string }>('POST', backups, { tenant_id: 'acme' });
  const location = asked.headers.get('location')!;
  const reply = await house.call('POST', `${location}/cancel`, { reason: 'by mistake' });
  expect([202, 409]).toContain(reply.status);
  const { status } = await house.ended(location);
  expect(['cancelled', 'completed']).toContain(status);
  if (reply.status === 409) expect(status).toBe('completed');
  if (status === 'completed') return;
  expectProblem(await house.call<Problem>('POST', `${location}/restore`, { target_tenant: 'x' }), 409, 'backup.not_restorable');
}, 60_000);
