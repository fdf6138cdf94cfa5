/** Data sets of the real client, restored: v4's counters made anew, v3 without its indexes, a torn head as of its last commit. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspectDataset } from '@dr/deeplake';
import { openSourceFolder } from '@dr/storage';
import { fixtureFolder } from '../../../test/e2e/support/sources.ts';
import { freshDir } from '../../../test/support/servers.ts';
import type { RestoreChoices } from './options.ts';
import { restoreDataset } from './restore-dataset.ts';
import { findPlace } from './target/place.ts';
import { type BackedUp, backedUp, choices } from './testing/backed-up.ts';

let backup: BackedUp;
beforeAll(async () => {
  const torn = await fixtureFolder('gen-v3-torn', '1');
  const { findings } = await inspectDataset(await openSourceFolder(torn));
  backup = await backedUp(
    { columns: await fixtureFolder('gen-v4-full', 'ds'), torn, rows: await fixtureFolder('v3-tiny', '') },
    { columns: { format: 'v4' }, rows: { format: 'v3' }, torn: { format: 'v3', status: 'partial', findings } },
  );
}, 60_000);
afterAll(() => backup.close());

async function restore(id: string, more: Partial<RestoreChoices> = {}) {
  const sourceRoot = freshDir('source');
  const place = await findPlace(sourceRoot, { tenant: 'acme', dataset: id, restoreId: 'r', n: 1, token: 1 });
  const parts = { tenant: backup.tenant, commit: backup.commit, dataset: backup.set(id), options: choices(more), place, sourceRoot };
  const rest = { signal: new AbortController().signal, progress: () => undefined, now: Date.now, beginSwap: async () => undefined };
  return { result: await restoreDataset({ ...parts, ...rest }), target: place.target };
}
const errorsIn = async (folder: string) =>
  (await inspectDataset(await openSourceFolder(folder))).findings.filter(({ severity }) => severity === 'error').map(({ code }) => code);

test('every log folder of a v4 set has a counter one above its highest commit', async () => {
  const { result, target } = await restore('columns');
  const root = join(target, '_deeplake_log');
  const counters = readdirSync(root).map((folder) => {
    const bases = readdirSync(join(root, folder)).flatMap((name) => (/^\d{10}[a-z]/.test(name) ? [Number(name.slice(0, 10))] : []));
    return [Number(readFileSync(join(root, folder, 'next_base')).readBigUInt64LE()), Math.max(...bases) + 1];
  });
  expect(counters.length).toBeGreaterThan(2);
  for (const [counter, wanted] of counters) expect(counter).toBe(wanted);
  expect(result.lacks).toBeUndefined();
});

test('a torn head comes back as of its last commit, without an error, and never as whole', async () => {
  const { result, target } = await restore('torn');
  expect(await errorsIn(target)).toEqual([]);
  expect(result.lacks).toMatch(/with loss: v3 M\d/);
  expect(result.findings.some(({ severity }) => severity === 'warning')).toBe(true);
});

test('keep_torn_head gives every byte of the capture, errors and all', async () => {
  const { result, target } = await restore('torn', { keepTornHead: true });
  expect([...new Set(await errorsIn(target))].sort()).toEqual(['M3', 'M4']);
  expect(result.lacks).toBeDefined();
  const source = await fixtureFolder('gen-v3-torn', '1');
  const files = readdirSync(source, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !entry.name.endsWith('.lock'),
  );
  for (const { parentPath, name } of files) {
    const path = join(parentPath, name).slice(source.length);
    expect(readFileSync(join(target, path)).equals(readFileSync(join(source, path)))).toBe(true);
  }
});

test('without metadata the service’s own file stays out, and the set is whole all the same', async () => {
  const { result, target } = await restore('rows', { restoreMetadata: false, restoreIndexes: false });
  expect(existsSync(join(target, 'dataset_metadata.json'))).toBe(false);
  expect(await errorsIn(target)).toEqual([]);
  expect(result.lacks).toBeUndefined();
});
