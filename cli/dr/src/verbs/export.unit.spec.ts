/** The inventory as a file: whole or not at all. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backup, problem } from '../testing/stub-gateway.ts';
import { gateway, ok, stopGateways } from '../testing/stubs.ts';
import { dr } from '../testing/terminal.ts';

const ID = 'backup_20260131_120000_0a1b2c3d';

afterEach(stopGateways);

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
