/**
 * Makes the frozen repository: `node --conditions=dr-source freeze-golden.ts FOLDER`. Run once for a format version; what it made is never made again,
 * because every later version must read exactly these bytes.
 */
import { openKeys } from '@dr/keys';
import { openStore } from '@dr/storage';
import { newDescription } from '../format/description.ts';
import { encodePlan } from '../format/plan.ts';
import { initRepository } from '../repository.ts';
import { tenantScope } from '../tenant-scope.ts';
import { bytesOf, GOLDEN_PASSPHRASE, goldenFiles } from './golden.ts';
import { kdf, manifestOf, NOW } from './opened.ts';

let drawn = 0;
const random = (bytes: number): Buffer => bytesOf(`golden random ${drawn++}`, bytes);
const unlock = { passphrase: async () => GOLDEN_PASSPHRASE };
const store = await openStore(process.argv[2]!);
const repository = await initRepository(store, { unlock, kdf, random, now: () => NOW, workers: 1 });
const tenant = await repository.tenant('acme', { create: true });
for (const backupId of ['backup_20261124_000000_00000001', 'backup_20261124_000000_00000002']) {
  const session = await tenant.session(backupId, { type: 'full' });
  const files = [goldenFiles().filter(({ path }) => backupId.endsWith('2') || path !== 'cuts')];
  const tree = await session.capture({ datasetId: 'articles', root: '/', files });
  const manifest = manifestOf(backupId, [tree]);
  await session.commit({
    ...manifest,
    datasets: manifest.datasets.map((set) => ({
      ...set,
      format: 'v3',
      headVersion: 'first',
      branches: ['main'],
      tags: [],
      rows: '3',
      findings: [],
    })),
  });
  await session.close();
}
const given = await tenant.session('backup_20261124_000000_00000003', { type: 'incremental' });
await given.abandon('cancelled');
await given.close();
const ring = await openKeys(store, { unlock });
const scope = tenantScope(
  { store, ring, random, now: () => NOW, description: newDescription(repository.id, NOW, true) },
  (await ring.tenantKeys('acme'))!,
);
const plan = { n: 1, previous: '', purged: ['backup_20261124_000000_00000001'], victims: [] };
await store.createIfAbsent(scope.names.plan(1), encodePlan(scope, plan));
await repository.close();
