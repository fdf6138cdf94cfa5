import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { inspectDataset, planCapture } from '@dr/deeplake';
import { type Commit, initRepository, type TenantRepository } from '@dr/repository';
import { placeOf, restoreDataset } from '@dr/restore';
import { openSourceFolder, openStore, storageIdentity } from '@dr/storage';

/** Later than any file was written, so that none counts as too young to be pinned. */
const now = () => Date.now() + 60_000;
const TENANT = 'conformance';
const IDS = { snapshot: 'backup_20300101_000000_00000001', full: 'backup_20300101_000000_00000002' };

export interface SnapshotTrip {
  /** Restored from the snapshot, its data from the source. */
  readonly live: string;
  /** Restored from the full that it was promoted to, from the repository alone. */
  readonly promoted: string;
  readonly pinned: { readonly objects: number; readonly bytes: number };
}

/**
 * Takes a snapshot of a data set, restores it beside it, promotes it to a full and restores that. `source` is `<root>/<tenant>/<name>`, all below one root.
 * @throws when any step finds fault.
 */
export async function snapshotAndRestore(root: string, path: string, work: string): Promise<SnapshotTrip> {
  await mkdir(work, { recursive: true });
  await using stack = new AsyncDisposableStack();
  const store = stack.adopt(await openStore(join(work, 'snapshots')), (s) => s.close());
  const unlock = { passphrase: async () => 'only for this test' };
  const repository = stack.adopt(await initRepository(store, { unlock, now, workers: 2 }), (r) => r.close());
  const tenant = await repository.tenant(TENANT, { create: true });
  const { commit, pinned } = await takeSnapshot(tenant, root, path);
  const full = await promote(tenant, commit, join(root, path));
  const live = await restore(tenant, commit, join(work, 'from-snapshot'), root);
  return { live, promoted: await restore(tenant, full, join(work, 'from-full'), undefined), pinned };
}

async function takeSnapshot(tenant: TenantRepository, root: string, path: string) {
  const session = await tenant.session(IDS.snapshot, { type: 'snapshot' });
  const folder = await openSourceFolder(join(root, path));
  const plan = await planCapture(folder, { now, pins: true });
  const tree = await session.capture({ datasetId: 'set', root: folder.root, files: plan.files });
  if (tree.findings.length > 0) throw new Error(`snapshot: ${JSON.stringify(tree.findings)}`);
  await session.flush();
  const report = await inspectDataset(tenant.openFiles(tree.root));
  if (report.findings.length > 0) throw new Error(`the snapshot in the repository: ${JSON.stringify(report.findings)}`);
  const { pinned, objects, bytes, newBytes } = tree;
  const place = { ...pinned, storage: await storageIdentity(root), path };
  const dataset = { datasetId: 'set', format: plan.format, root: tree.root, status: 'completed', objects, bytes, newBytes, pinned: place };
  const manifest = {
    backupId: IDS.snapshot,
    tenant: TENANT,
    type: 'snapshot',
    datasets: [dataset],
    createdAtMs: now(),
    expected: 1,
  } as const;
  const commit = (await session.commit(manifest)) as Commit;
  await session.close();
  return { commit, pinned };
}

async function promote(tenant: TenantRepository, snapshot: Commit, root: string): Promise<Commit> {
  const session = await tenant.session(IDS.full, { type: 'full' });
  const from = snapshot.datasets[0]!;
  const tree = await session.promote({ datasetId: 'set', snapshotId: IDS.snapshot, from: from.root!, root });
  if (tree.findings.length > 0) throw new Error(`promotion: ${JSON.stringify(tree.findings)}`);
  const dataset = { ...from, root: tree.root, pinned: undefined };
  const manifest = { backupId: IDS.full, tenant: TENANT, type: 'full', datasets: [dataset], createdAtMs: now(), expected: 1 } as const;
  const commit = (await session.commit(manifest)) as Commit;
  await session.close();
  return commit;
}

async function restore(tenant: TenantRepository, commit: Commit, target: string, liveRoot: string | undefined): Promise<string> {
  const { root, format } = commit.datasets[0]!;
  await mkdir(target, { recursive: true });
  const place = placeOf(target, { tenant: TENANT, dataset: 'set', restoreId: 'restore_1', n: 1, token: 1 });
  const options = {
    ...{ overwriteExisting: false, force: false, verifyIntegrity: true, restoreIndexes: true, restoreMetadata: true },
    ...{ keepTornHead: false, paths: [] },
  };
  const dataset = { from: 'set', to: 'set', format, root: root! };
  const on = { tenant, commit, dataset, options, place, sourceRoot: target, ...(liveRoot !== undefined && { liveRoot }) };
  const how = { signal: new AbortController().signal, progress: () => undefined, now, beginSwap: async () => undefined };
  const { lacks } = await restoreDataset({ ...on, ...how });
  if (lacks !== undefined) throw new Error(`restore: ${lacks}`);
  return place.target;
}
