/** The configured repository on a real store: made once, shared, refused with the keys' own error, tried again after a failure. */
import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, loadConfig } from '@dr/config';
import { freshDir } from '../../../test/support/servers.ts';
import { RepositoryAccess } from './repository-access.ts';

const configOf = (folder: string, more: Record<string, string> = {}): Config =>
  loadConfig({
    env: {
      BACKUP_PATH: join(folder, 'repository'),
      BACKUP_PASSPHRASE: 'correct horse',
      DEEPLAKE_STORAGE_LOCATION: join(folder, 'source'),
      DR_HOME: join(folder, 'home'),
      BACKUP_PARALLEL_WORKERS: '1',
      ...more,
    },
    folder,
  });

const opened: RepositoryAccess[] = [];
function access(config: Config, mode: 'read' | 'write' = 'write'): RepositoryAccess {
  const made = new RepositoryAccess({ config, mode, now: () => 1_764_000_000_000 });
  opened.push(made);
  return made;
}
afterEach(() => Promise.all(opened.splice(0).map((one) => one.close())));

test('two askers share one opening, and get the same repository', async () => {
  const one = access(configOf(freshDir()));
  const [first, second] = await Promise.all([one.open(), one.open()]);
  expect(second).toBe(first);
  expect(await one.open()).toBe(first);
});

test('two processes that make the repository at the same time end with one, under one key', async () => {
  const folder = freshDir();
  const [one, two] = await Promise.all([access(configOf(folder)).open(), access(configOf(folder)).open()]);
  expect(two.id).toBe(one.id);
  await one.tenant('acme', { create: true });
  expect(await two.tenants()).toEqual(['acme']);
});

test('reading makes nothing: where there is no repository it says so', async () => {
  const folder = freshDir();
  await access(configOf(folder)).open();
  for (const object of readdirSync(join(folder, 'repository'))) rmSync(join(folder, 'repository', object), { recursive: true });
  await expect(access(configOf(folder), 'read').open()).rejects.toMatchObject({ code: 'repository.missing' });
  expect(readdirSync(join(folder, 'repository'))).toEqual([]);
});

test('a wrong passphrase passes through as what it is, and an existing repository is left as it is', async () => {
  const folder = freshDir();
  await access(configOf(folder)).open();
  const before = readdirSync(join(folder, 'repository'), { recursive: true }).sort();
  const wrong = access(configOf(folder, { BACKUP_PASSPHRASE: 'wrong horse' }));
  await expect(wrong.open()).rejects.toMatchObject({ code: 'keys.wrong_passphrase' });
  expect(readdirSync(join(folder, 'repository'), { recursive: true }).sort()).toEqual(before);
});

test('a failed opening is tried again at the next call', async () => {
  const folder = freshDir();
  const [passphrase, hidden] = [join(folder, 'passphrase'), join(folder, 'hidden')];
  writeFileSync(hidden, 'correct horse\n');
  const env = { BACKUP_PATH: join(folder, 'repository'), DR_HOME: join(folder, 'home'), BACKUP_PASSPHRASE_FILE: passphrase };
  const one = access(loadConfig({ env, folder }));
  const failures = await Promise.allSettled([one.open(), one.open()]);
  expect(failures.map((f) => f.status)).toEqual(['rejected', 'rejected']);
  renameSync(hidden, passphrase);
  expect((await one.open()).id).toMatch(/^[0-9a-f]{32}$/);
});

test('closing ends it, and may be done twice or before anything was opened', async () => {
  const one = access(configOf(freshDir()));
  await one.close();
  const first = await one.open();
  await one.close();
  await one.close();
  expect(await one.open()).not.toBe(first);
});
