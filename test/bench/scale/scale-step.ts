/**
 * One step of the scale benchmark: scale-step.ts REPOSITORY STEP ARGS. What an archiver, a restorer or `dr --repo` do with many objects or many backups, in
 * a process of its own. Prints what it counted as JSON.
 */
import { basename, dirname } from 'node:path';
import { inspectDataset, planCapture } from '@dr/deeplake';
import { initRepository, openRepository, type TenantRepository } from '@dr/repository';
import { planRestore } from '@dr/restore';
import { openSourceFolder, openStore } from '@dr/storage';

const TENANT = 'bench';
const engine = { unlock: { passphrase: async () => 'a passphrase of the benchmark' }, now: Date.now };
const CHEAP = { memoryKiB: 8, passes: 1, parallelism: 1 };

const CHOICES = { force: false, verifyIntegrity: true, restoreIndexes: true, restoreMetadata: true, keepTornHead: false, paths: [] };

type Step = (tenant: TenantRepository, ...args: string[]) => Promise<object>;

const onTenant: Record<string, Step> = { backup, open, newest, decisions, inspect, contents, dryRun, restore, verify };
const onSource: Record<string, (source: string) => Promise<object>> = { list, plan };

const [repositoryFolder, step, ...args] = process.argv.slice(2) as [string, string, ...string[]];
const store = await openStore(repositoryFolder);
process.stdout.write(`${JSON.stringify(await counted())}\n`);
await store.close();

async function counted(): Promise<object> {
  if (onSource[step]) return onSource[step](args[0]!);
  const repository =
    step === 'init' ? await initRepository(store, { ...engine, kdf: CHEAP }) : await openRepository(store, { ...engine, mode: 'write' });
  const tenant = await repository.tenant(TENANT, { create: true });
  const result = step === 'init' ? {} : await onTenant[step]!(tenant, ...args);
  await repository.close();
  return result;
}

async function list(source: string): Promise<object> {
  let entries = 0;
  for await (const page of (await openSourceFolder(source)).list()) entries += page.length;
  return { entries };
}

/** Everything that is settled before a byte is read: two listings, and the logs of v4. */
async function plan(source: string): Promise<object> {
  let entries = 0;
  for await (const page of (await planCapture(await openSourceFolder(source), { now: Date.now })).files) entries += page.length;
  return { entries };
}

/** A full, or an incremental on the newest backup of the same data set. */
async function backup(tenant: TenantRepository, source: string, backupId: string): Promise<object> {
  const datasetId = basename(source);
  const parent = await tenant.newestWith(datasetId);
  const type = parent ? 'incremental' : 'full';
  const session = await tenant.session(backupId, { type });
  const folder = await openSourceFolder(source);
  const { files, format } = await planCapture(folder, { now: Date.now });
  const bases = parent?.datasets.flatMap(({ datasetId: id, root }) => (id === datasetId && root !== undefined ? [root] : [])) ?? [];
  const { root, objects, bytes, newBytes, takenOver } = await session.capture({ datasetId, root: folder.root, files, bases });
  const datasets = [{ datasetId, format, root, status: 'completed', objects, bytes, newBytes }];
  await session.commit({ backupId, tenant: TENANT, type, datasets, createdAtMs: Date.now(), expected: 1 });
  await session.close();
  return { objects, takenOver };
}

/** What every use of a repository begins with. */
async function open(tenant: TenantRepository): Promise<object> {
  return { tenant: tenant.tenant };
}

async function newest(tenant: TenantRepository): Promise<object> {
  return { backupId: (await tenant.newestWith('tiny'))?.backupId };
}

/** Every decision, as a catalog that is rebuilt reads them. */
async function decisions(tenant: TenantRepository): Promise<object> {
  let backups = 0;
  for await (const page of tenant.backups()) backups += page.length;
  return { backups };
}

async function rootOf(tenant: TenantRepository, backupId: string) {
  return (await tenant.commit(backupId)).datasets[0]!;
}

/** The checks of the structure, on the copy. */
async function inspect(tenant: TenantRepository, backupId: string): Promise<object> {
  const { root, format } = await rootOf(tenant, backupId);
  const { files, intact } = await inspectDataset(tenant.openFiles(root!), { format });
  return { files: files.count, intact };
}

/** Pages of a thousand, each asked for by the last path of the one before, as the API gives them. */
async function contents(tenant: TenantRepository, backupId: string): Promise<object> {
  const { root } = await rootOf(tenant, backupId);
  let [entries, pages, after] = [0, 0, undefined as string | undefined];
  for (let end = false; !end; pages++) {
    const before = entries;
    for await (const { path } of tenant.entries(root!, { after })) {
      entries++;
      after = path;
      if (entries - before === 1000) break;
    }
    end = entries - before < 1000;
  }
  return { entries, pages };
}

/** Over the source itself, so that every file has one to be compared with. */
async function dryRun(tenant: TenantRepository, backupId: string, source: string): Promise<object> {
  const commit = await tenant.commit(backupId);
  const { root, format, datasetId } = commit.datasets[0]!;
  const options = { ...CHOICES, overwriteExisting: true };
  const { datasets } = await planRestore({
    tenant,
    commit,
    targetTenant: basename(dirname(source)),
    datasets: [{ from: datasetId, to: datasetId, format, root: root! }],
    options,
    sourceRoot: dirname(dirname(source)),
    now: Date.now(),
    detail: true,
  });
  return { objects: datasets[0]!.objects, same: datasets[0]!.changes?.same.files };
}

async function restore(tenant: TenantRepository, backupId: string, target: string): Promise<object> {
  const { root } = await rootOf(tenant, backupId);
  const { objects, packsRead } = await tenant.restore(root!, target);
  return { objects, packsRead };
}

async function verify(tenant: TenantRepository, backupId: string, level: string): Promise<object> {
  const { ok, objects } = await tenant.verify(backupId, { level: level as 'quick' | 'full' });
  if (!ok) throw new Error(`${backupId} has findings`);
  return { objects };
}
