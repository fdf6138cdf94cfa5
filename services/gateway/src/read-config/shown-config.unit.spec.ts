import { loadConfig } from '@dr/config';
import { shownConfig } from './shown-config.ts';

const yaml = `backup:
  schedules:
    - { name: nightly, cron: "0 2 * * *", type: full, tenant_id: acme }
    - { name: other, cron: "0 3 * * *", type: full, tenant_id: rival }
    - { name: all, cron: "0 4 * * *", type: full }
`;
const config = loadConfig({
  env: { DR_CONFIG: '/x.yaml', DR_HOME: '/tmp/h', DATABASE_URL: 'postgres://u:hunter2@h/d', BACKUP_PASSPHRASE: 'hunter2hunter2' },
  readFile: () => yaml,
  folder: '/',
});
const names = (tenant: string) =>
  (shownConfig(config, tenant).settings['backup.schedules']!.value as { name: string }[]).map((s) => s.name);

test('a tenant sees its own schedules, a key of all tenants all', () => {
  expect(names('*')).toEqual(['nightly', 'other', 'all']);
  expect(names('acme')).toEqual(['nightly']);
  expect(names('nobody')).toEqual([]);
});

test('no secret is shown to anybody', () => {
  expect(JSON.stringify(shownConfig(config, '*'))).not.toContain('hunter2');
  expect(JSON.stringify(shownConfig(config, 'acme'))).not.toContain('rival');
});
