import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '@dr/config';
import { RepositoryAccess } from '@dr/service';
import { type TestStore, testStore } from '../../../../libs/event-store/src/testing/test-store.ts';
import { freshDir } from '../../../../test/support/servers.ts';
import { logDetail, testParts } from './test-parts.ts';

const now = () => 1_764_000_000_000;
let store: TestStore;
beforeAll(async () => {
  store = await testStore();
}, 60_000);
afterAll(() => store[Symbol.asyncDispose]());

const configOf = (folder: string, passphrase: string) =>
  loadConfig({
    env: {
      BACKUP_PATH: join(folder, 'repository'),
      BACKUP_PASSPHRASE: passphrase,
      DEEPLAKE_STORAGE_LOCATION: join(folder, 'source'),
      DR_HOME: join(folder, 'home'),
      BACKUP_PARALLEL_WORKERS: '1',
    },
    folder,
  });

const outcomes = async (folder: string, passphrase = 'right horse') =>
  (await testParts({ config: configOf(folder, passphrase), database: store.app, now })).map(({ name, ok, detail, error }) => [
    name,
    ok,
    detail ?? error,
  ]);

test('a new house: no repository is made by a test, and a source root that is not there is named', async () => {
  const folder = freshDir('parts');
  expect(await outcomes(folder)).toEqual([
    ['passphrase', true, 'there is no repository yet; the first backup makes it'],
    ['source root', false, expect.stringContaining('ENOENT')],
    ['log', true, expect.stringMatching(/^\d+ events; 0 wait/)],
    ['log copy', true, 'the log is copied with the first backup'],
  ]);
  expect(readdirSync(folder)).toEqual([]);
});

test('the passphrase opens the repository, or does not', async () => {
  const folder = freshDir('parts');
  for (const tenant of ['acme', 'b', '.dr-x']) mkdirSync(join(folder, 'source', tenant), { recursive: true });
  const access = new RepositoryAccess({ config: configOf(folder, 'right horse'), mode: 'write', now });
  await access.open();
  await access.close();
  expect(await outcomes(folder)).toEqual([
    ['passphrase', true, 'opens the repository'],
    ['source root', true, '2 folders'],
    ['log', true, expect.any(String)],
    ['log copy', true, expect.any(String)],
  ]);
  expect((await outcomes(folder, 'wrong horse'))[0]).toEqual(['passphrase', false, expect.stringContaining('does not open')]);
}, 60_000);

test.each([
  [{ unsealedAgeMs: 10_001 }, [{ behind: 0 }]],
  [{ unsealedAgeMs: 0 }, [{ behind: 3 }, { behind: 1_001 }]],
])('a log that is behind fails: %j %j', (more, processors) => {
  const state = { head: 5, unsealed: 1, ...more, processors } as unknown as Parameters<typeof logDetail>[0];
  expect(() => logDetail(state)).toThrow(/^5 events; 1 wait/);
});
