/** GET /datasets, /config and what of /test-backup needs no archiver. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestGateway } from './support/test-gateway.ts';

interface Dataset {
  tenant_id: string;
  dataset_id: string;
  present: boolean;
  protected: boolean;
  last_good: { backup_id: string } | null;
  rpo_age_seconds: number | null;
}

interface Page {
  datasets: Dataset[];
  unprotected: { tenant_id: string | null; path: string; reason: string; message: string }[];
  unprotected_total: number;
  next_cursor: string | null;
}

let gateway: TestGateway;
let all: string;
let acme: string;

beforeAll(async () => {
  gateway = await TestGateway.start({ DATABASE_ADMIN_URL: 'postgres://owner:hunter2@127.0.0.1/x', AWS_SECRET_ACCESS_KEY: 'hunter3' });
  [all, acme] = [await gateway.key(), await gateway.key({ tenant: 'acme', scopes: ['backup:read', 'admin'] })];
  for (const path of ['acme/b', 'acme/a', 'acme/Ü', 'rival/a']) place(path);
  writeFileSync(join(gateway.house.sourceRoot, 'acme', 'loose.txt'), 'x');
  writeFileSync(join(gateway.house.sourceRoot, 'nobody.txt'), 'x');
  symlinkSync('/etc', join(gateway.house.sourceRoot, 'acme', 'link'));
  symlinkSync('/etc', join(gateway.house.sourceRoot, 'moved'));
  await backedUp('acme', 'a', 'completed', 90);
  await backedUp('acme', 'a', 'partial', 30);
  await backedUp('acme', 'gone', 'completed', 60);
  await backedUp('rival', 'a', 'completed', 10);
}, 60_000);

afterAll(() => gateway.close());

function place(path: string): void {
  mkdirSync(join(gateway.house.sourceRoot, path), { recursive: true });
  writeFileSync(join(gateway.house.sourceRoot, path, 'meta.json'), '{}');
}

/** A backup of one data set, `ageSeconds` old, as the catalog shows it when it has ended. */
async function backedUp(tenant: string, datasetId: string, status: string, ageSeconds: number): Promise<void> {
  const id = await gateway.backup(tenant, [datasetId]);
  await gateway.settled();
  const { owner } = gateway.house;
  await owner.query(
    "UPDATE catalog_backups SET status = 'completed', requested_at = now() - $2 * interval '1 second' WHERE backup_id = $1",
    [id, ageSeconds],
  );
  await owner.query("UPDATE catalog_backup_datasets SET doc = doc || jsonb_build_object('status', $2::text) WHERE backup_id = $1", [
    id,
    status,
  ]);
}

const list = async (query = '', key = all) => (await gateway.ask<Page>('GET', `/api/v1/datasets${query}`, { key })).body;
const names = (page: Page) => page.datasets.map((d) => `${d.tenant_id}/${d.dataset_id}`);

test('data sets at the source and those that only backups hold, in byte order', async () => {
  const page = await list();
  expect(names(page)).toEqual(['acme/a', 'acme/b', 'acme/gone', 'acme/Ü', 'rival/a']);
  expect(page.datasets.map((d) => [d.present, d.protected])).toEqual([
    [true, true],
    [true, false],
    [false, true],
    [true, false],
    [true, true],
  ]);
});

test('the last good point is the newest whole copy: one with loss does not count', async () => {
  const [a, b] = (await list('?tenant_id=acme')).datasets;
  expect(a!.rpo_age_seconds).toBeGreaterThanOrEqual(90);
  expect(a!.rpo_age_seconds).toBeLessThan(150);
  expect([b!.last_good, b!.rpo_age_seconds]).toEqual([null, null]);
});

test('what no data set covers is named with its reason and what to do', async () => {
  const { unprotected } = await list('', acme);
  expect(unprotected.map((u) => [u.tenant_id, u.path, u.reason])).toEqual([
    ['acme', 'acme/link', 'symlink'],
    ['acme', 'acme/loose.txt', 'loose-file'],
  ]);
  for (const { message } of unprotected) expect(message.length).toBeGreaterThan(20);
  expect((await list()).unprotected.map((u) => u.path)).toContain('nobody.txt');
});

test('a tenant whose own folder cannot be looked into is told so', async () => {
  const { datasets, unprotected, unprotected_total } = await list('', await gateway.key({ tenant: 'moved', scopes: ['backup:read'] }));
  expect([datasets, unprotected_total]).toEqual([[], 1]);
  expect(unprotected).toMatchObject([{ tenant_id: null, path: 'moved', reason: 'symlink' }]);
});

test('pages of one hold together what one page holds', async () => {
  const found: string[] = [];
  let cursor: string | null = '';
  for (let pages = 0; cursor !== null && pages < 10; pages++) {
    const page: Page = await list(`?limit=1${cursor && `&cursor=${cursor}`}`);
    found.push(...names(page));
    expect(page.unprotected.length > 0).toBe(pages === 0);
    cursor = page.next_cursor;
  }
  expect(found).toEqual(names(await list()));
});

test('a tenant sees its own, and nothing of another', async () => {
  const page = await list('', acme);
  expect(names(page)).toEqual(['acme/a', 'acme/b', 'acme/gone', 'acme/Ü']);
  expect(JSON.stringify(page)).not.toContain('rival');
  expect((await gateway.ask('GET', '/api/v1/datasets?tenant_id=rival', { key: acme })).status).toBe(404);
});

test.each([
  ['?dataset_id=nothing', 404],
  ['?cursor=abc', 400],
  ['?limit=0', 400],
])('%s is %i', async (query, status) => expect((await gateway.ask('GET', `/api/v1/datasets${query}`, { key: all })).status).toBe(status));

test('one data set can be asked for', async () => {
  expect(names(await list('?dataset_id=a'))).toEqual(['acme/a', 'rival/a']);
  expect(names(await list('?dataset_id=gone', acme))).toEqual(['acme/gone']);
});

test('the configuration is shown with origins and without secrets', async () => {
  const { body, text } = await gateway.ask<{ settings: Record<string, unknown> }>('GET', '/api/v1/config', { key: all });
  expect(body.settings['backup.compressionLevel']).toMatchObject({ value: 1, origin: 'default' });
  expect(body.settings['backup.encryption']).toMatchObject({ value: false, origin: 'environment' });
  expect(body.settings['backup.s3.secretAccessKey']).toMatchObject({ value: '(set)', origin: 'environment' });
  expect(text).not.toMatch(/hunter/);
  expect((await gateway.ask('GET', '/api/v1/config', { key: await gateway.key({ scopes: ['backup:read'] }) })).status).toBe(403);
});

test('a test of the backends without an archiver says who does not answer', async () => {
  const reply = await gateway.ask('POST', '/api/v1/test-backup', { key: all });
  expect([reply.status, reply.body['code']]).toEqual([503, 'bus.no_answer']);
});
