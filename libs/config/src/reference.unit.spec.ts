import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { leavesOf } from './layers.ts';
import { configurationReference, unsectioned } from './reference.ts';
import { settings } from './settings.ts';

test('docs/configuration.md is what the table of settings says: `tools/write-docs` brings it up to date', () => {
  const file = join(import.meta.dirname, '..', '..', '..', 'docs', 'configuration.md');
  expect(readFileSync(file, 'utf8')).toBe(configurationReference());
});

test('it shows every setting once, with its names, what it takes and what it means', () => {
  expect(unsectioned()).toEqual([]);
  const text = configurationReference();
  for (const [path, { env, yaml, about, schema }] of leavesOf(settings)) {
    expect([path, schema.description]).toEqual([path, expect.stringMatching(/./)]);
    for (const name of [env, yaml && `backup.${yaml}`, about]) if (name) expect([path, text.includes(name)]).toEqual([path, true]);
  }
});

test('what has no effect in this version is marked', () => {
  const line = (key: string) =>
    configurationReference()
      .split('\n')
      .find((row) => row.includes(key));
  expect(line('BACKUP_SCHEDULE')).toContain('_Not acted on yet: no schedule runs._');
  expect(line('backup.encryption_keys')).toContain('_Refused in this version');
  expect(line('BACKUP_PATH')).not.toContain('_Not');
  expect(line('BACKUP_COMPRESSION_LEVEL')).toMatch(/\| 1 to 19 +\| `1` +\|/);
});
