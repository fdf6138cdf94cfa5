/** System state in the gateway: which backups carry it, how it is shown, and who may look into it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemStateId } from '@dr/config';
import { backupDecider, captureDecider, streamOf } from '@dr/domain';
import { type FrontDoor, frontDoor } from '../../../../test/support/front-door.ts';
import { freshDir } from '../../../../test/support/servers.ts';

let door: FrontDoor;
beforeAll(async () => {
  const file = join(freshDir('config'), 'dr.yaml');
  const items = '[{name: db, command: [dump]}, {name: ops, path: /etc/ops, tenants: [globex]}]';
  writeFileSync(file, `backup: {system_state: ${items}}`);
  door = await frontDoor({ DR_CONFIG: file });
  for (const tenant of ['acme', 'globex']) {
    mkdirSync(join(door.house.sourceRoot, tenant, 'set'), { recursive: true });
    writeFileSync(join(door.house.sourceRoot, tenant, 'set/meta.json'), '{}');
  }
}, 60_000);
afterAll(() => door.close());

interface Backup {
  backup_id: string;
  dataset_ids: string[];
  datasets: { dataset_id: string }[];
  system_state: { name: string; status: string; bytes?: number }[];
}
const create = async (body: object) => (await door.call<Backup>('POST', '/backups', { body })).body;
const namesOf = ({ system_state }: Backup) => system_state.map(({ name }) => name);
const requestOf = async (id: string) => {
  const { state } = await door.house.store.load(streamOf.backup(id), backupDecider);
  return 'request' in state ? state.request.datasets : [];
};

test('every full backup carries it, beside its data sets; no other type does', async () => {
  const full = await create({ tenant_id: 'acme', type: 'full', dataset_ids: ['set'] });
  expect(full).toMatchObject({
    dataset_ids: ['set'],
    datasets: [{ dataset_id: 'set' }],
    system_state: [{ name: 'db', status: 'pending' }],
  });
  expect(await requestOf(full.backup_id)).toEqual([
    expect.objectContaining({ n: 1, datasetId: 'set' }),
    { n: 2, datasetId: systemStateId('db'), format: 'opaque', path: systemStateId('db') },
  ]);
  for (const type of ['incremental', 'differential']) expect(namesOf(await create({ tenant_id: 'acme', type }))).toEqual([]);
});

test('of a backup of all tenants each one carries it, an item for some tenants theirs only', async () => {
  const { body } = await door.call<{ backups: Backup[] }>('POST', '/backups', { body: { all_tenants: true } });
  expect(body.backups.map(namesOf)).toEqual([['db'], ['db', 'ops']]);
});

async function sealed(): Promise<string> {
  const { backup_id } = await create({ tenant_id: 'acme' });
  const sizes = { objects: 1, bytes: 100, newBytes: 10, storedBytes: 5 };
  for (const { n, datasetId } of await requestOf(backup_id)) {
    const facts = { ...sizes, format: 'opaque', root: 'ab'.repeat(32), branches: [], tags: [], rows: 0, findings: [] } as const;
    const command = { kind: 'recordCaptured', backupId: backup_id, n, datasetId, ...facts } as const;
    const meta = { tenant: 'acme', requestId: 'r', actor: 'archiver' };
    await door.house.store.decide(streamOf.capture(backup_id, n), captureDecider, command, { commandId: `c-${backup_id}-${n}`, meta });
  }
  const place = { checksum: 'c'.repeat(64), storagePath: 'x', committedAt: '2026-01-01T00:00:01.000Z' };
  const datasets = ['set', systemStateId('db')].map((datasetId) => ({ datasetId, status: 'completed' }));
  await door.backup(
    backup_id,
    { kind: 'start' },
    { kind: 'recordDecision', decision: { kind: 'commit', backupId: backup_id, ...place, ...sizes, datasets } },
  );
  return backup_id;
}

test('a sealed backup shows it; data sets are listed without it, and a restore does not take it along', async () => {
  const id = await sealed();
  const { body } = await door.call<Backup>('GET', `/backups/${id}`);
  expect(body.system_state).toEqual([{ name: 'db', status: 'completed', objects: 1, bytes: 100, new_bytes: 10, findings: [] }]);
  const known = await door.call<{ datasets: { dataset_id: string }[] }>('GET', '/datasets?tenant_id=acme');
  expect(known.body.datasets.map(({ dataset_id }) => dataset_id)).toEqual(['set']);
  const wish = { target_tenant: 'copy', dataset_ids: [systemStateId('db')] };
  expect((await door.call('POST', `/backups/${id}/restore`, { body: wish })).body).toMatchObject({ code: 'restore.not_in_backup' });
});

test('nobody but an admin of all tenants looks into it, under whatever name', async () => {
  const id = await sealed();
  const tenant = await door.key({ tenant: 'acme' });
  const reader = await door.key({ tenant: '*', scopes: ['backup:read'] });
  const look = async (query: string, key?: string) => (await door.call('GET', `/backups/${id}/contents?${query}`, { key })).status;
  expect(await look('system_state=db', tenant)).toBe(403);
  expect(await look('system_state=db', reader)).toBe(403);
  expect(await look(`dataset_id=${encodeURIComponent(systemStateId('db'))}`)).toBe(404);
  expect(await look('system_state=db&dataset_id=set')).toBe(400);
});

test('a backup is not the last good copy of anything for its system state', async () => {
  const id = await sealed();
  const verified = { kind: 'recordVerification', verificationId: 'v1', ok: true, at: '2026-01-01T00:00:02.000Z' } as const;
  await door.backup(id, verified);
  await door.backup(await sealed(), { ...verified, verificationId: 'v2' });
  expect((await door.call('DELETE', `/backups/${id}`)).status).toBe(202);
});
