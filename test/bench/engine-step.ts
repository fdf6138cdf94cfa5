/**
 * One step of the benchmark on our engine: engine-step.ts REPOSITORY init | backup SOURCE ID | restore ID TARGET | verify.
 * A backup is what an archiver makes of a source: its data sets are found and captured by their plans, several at once, an incremental where there is a
 * parent. While the repository opens, the first of them are listed. A source without data sets is one opaque set.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CapturePlan, PlannedFile } from '@dr/deeplake/capture';
import {
  type BackupSession,
  type CommitDataset,
  initRepository,
  lastDecidedMs,
  openRepository,
  type TenantRepository,
} from '@dr/repository';
import { openSourceFolder, openStore, type SourceFolder } from '@dr/storage';

const TENANT = 'bench';
const AT_ONCE = 2;
/** Data sets that are listed before the repository is open. */
const AHEAD_MAX = 8;
const engine = { unlock: { passphrase: async () => process.env['DR_BENCH_PASSPHRASE']! }, now: Date.now };

const [repositoryFolder, step, ...args] = process.argv.slice(2) as [string, string, ...string[]];
const store = await openStore(repositoryFolder);
if (step === 'init') await (await initRepository(store, engine)).close();
else await onRepository();
await store.close();

async function onRepository(): Promise<void> {
  const ahead = Promise.withResolvers<Expect>();
  const opening = openRepository(store, { ...engine, mode: step === 'backup' ? 'write' : 'read', ahead: ahead.resolve });
  const found = step === 'backup' ? await datasetsIn(args[0]!, await changed(await ahead.promise)) : [];
  if (step !== 'backup') (await ahead.promise)(Number.POSITIVE_INFINITY);
  const repository = await opening;
  const tenant = await repository.tenant(TENANT, { create: true });
  const [first, second] = args as [string, string];
  if (step === 'backup') await backUp(tenant, second, found);
  else if (step === 'restore') await restore(tenant, first, second);
  else await verify(tenant);
  await repository.close();
}

async function backUp(tenant: TenantRepository, backupId: string, found: readonly Found[]): Promise<void> {
  const parent = await newestCommit(tenant);
  const type = parent ? 'incremental' : 'full';
  const session = await tenant.session(backupId, { type });
  const datasets = await inTurns(found, AT_ONCE, (dataset) => capture(session, dataset, parent?.datasets));
  const manifest = { backupId, tenant: TENANT, type, datasets, createdAtMs: Date.now(), expected: datasets.length } as const;
  await session.commit(manifest);
  await session.close();
}

async function newestCommit(tenant: TenantRepository) {
  let newest: Awaited<ReturnType<TenantRepository['commit']>> | undefined;
  for await (const page of tenant.backups()) for (const decision of page) if (decision.kind === 'commit') newest = decision;
  return newest;
}

type Expect = (bytes: number) => void;
type OnListed = (page: readonly PlannedFile[]) => void;

/** Files that were written after the last backup will be read. */
async function changed(expect: Expect): Promise<OnListed> {
  const sinceNs = BigInt((await lastDecidedMs(store)) ?? Date.now()) * 1_000_000n;
  let bytes = 0;
  return (page) => {
    for (const { kind, size, mtimeNs, ctimeNs } of page) if (kind === 'file' && (mtimeNs > sinceNs || ctimeNs > sinceNs)) bytes += size;
    expect(bytes);
  };
}

interface Found {
  readonly path: string;
  readonly folder: SourceFolder;
  readonly plan: CapturePlan;
  /** Whether a byte of any of its files was read. */
  read: boolean;
}

async function datasetsIn(source: string, onListed: OnListed): Promise<Found[]> {
  const { discoverDatasets } = await import('@dr/deeplake/capture');
  const found: Found[] = [];
  const add = async (path: string, format?: CapturePlan['format']) =>
    found.push(await planned(source, path, format, found.length < AHEAD_MAX ? onListed : undefined));
  for await (const item of discoverDatasets(await openSourceFolder(source))) if (item.kind === 'dataset') await add(item.path, item.format);
  if (found.length === 0) await add('.');
  return found;
}

async function planned(source: string, path: string, format: CapturePlan['format'] | undefined, onListed?: OnListed): Promise<Found> {
  const { planCapture } = await import('@dr/deeplake/capture');
  const folder = await openSourceFolder(join(source, path));
  const plan = await planCapture(folder, { now: Date.now, format });
  const found: Found = { path, folder, plan, read: false };
  if (onListed) plan.listAhead(() => !found.read, onListed);
  return found;
}

async function capture(session: BackupSession, dataset: Found, parents: readonly CommitDataset[] = []): Promise<CommitDataset> {
  const { path, folder, plan } = dataset;
  const bases = parents.flatMap(({ datasetId, root }) => (datasetId === path && root !== undefined ? [root] : []));
  const onRead = () => {
    dataset.read = true;
  };
  const tree = await session.capture({ datasetId: path, root: folder.root, files: plan.files, bases, onRead });
  if (tree.findings.length > 0) throw new Error(`${path}: ${tree.findings[0]!.path} ${tree.findings[0]!.message}`);
  const { root, objects, bytes, newBytes } = tree;
  return { datasetId: path, format: plan.format, root, status: 'completed', objects, bytes, newBytes };
}

async function restore(tenant: TenantRepository, backupId: string, target: string): Promise<void> {
  const { datasets } = await tenant.commit(backupId);
  for (const { datasetId, root } of datasets) {
    mkdirSync(dirname(join(target, datasetId)), { recursive: true });
    await tenant.restore(root!, join(target, datasetId));
  }
}

/** All backups, so that every byte that any of them needs is read. */
async function verify(tenant: TenantRepository): Promise<void> {
  const ids: string[] = [];
  for await (const page of tenant.backups()) ids.push(...page.map(({ backupId }) => backupId));
  const { ok, findings } = await tenant.verifyTogether(ids, { level: 'full' });
  if (!ok) throw new Error(findings[0]!.message);
}

async function inTurns<T, R>(items: readonly T[], limit: number, run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const at = next++;
      results[at] = await run(items[at]!);
    }
  };
  await Promise.all(Array.from({ length: limit }, lane));
  return results;
}
