import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { compareRule, type DatasetReport, inspectDataset, planCapture } from '@dr/deeplake';
import { initRepository } from '@dr/repository';
import { openSourceFolder, openStore } from '@dr/storage';
import { ROOT } from './suite.ts';

const now = () => Date.now();
const PASSPHRASE = 'only for this test';
const TENANT = 'conformance';
const BACKUP = 'backup_20300101_000000_00000001';

/** Our reading of a data set, down to the last byte. */
export async function read(folder: string): Promise<DatasetReport> {
  return inspectDataset(await openSourceFolder(folder), { deep: true });
}

/**
 * Backs a data set up into a fresh local repository below `work` and checks the structure of the copy; then `dr --repo` alone, as after a total
 * loss, verifies it whole and restores it. @returns where it was restored. @throws when any step finds fault.
 */
export async function backUpAndRestore(source: string, work: string): Promise<string> {
  const location = join(work, 'repository');
  await mkdir(work, { recursive: true });
  const report = await backUp(source, location);
  if (report.findings.length > 0) throw new Error(`the copy in the repository: ${JSON.stringify(report.findings)}`);
  await dr(location, ['verify', BACKUP, '--level', 'full']);
  await dr(location, ['restore', BACKUP, '--target', join(work, 'restored')]);
  return join(work, 'restored', TENANT, 'set');
}

/** Restores the backup of `backUpAndRestore` again, cut to a version or a moment. @returns where it was restored. @throws when the checks find fault. */
export async function restoreCut(work: string, how: readonly ['--version' | '--as-of', string]): Promise<string> {
  const target = join(work, `cut-${how[1].replaceAll(/[^\w-]/g, '_')}`);
  const which = how[0] === '--version' ? BACKUP : 'latest';
  await dr(join(work, 'repository'), ['restore', which, ...how, '--target', target]);
  const folder = join(target, TENANT, 'set');
  const { findings } = await read(folder);
  const trouble = findings.filter(({ severity }) => severity !== 'info');
  if (trouble.length > 0) throw new Error(`cut to ${how[1]}: ${JSON.stringify(trouble)}`);
  return folder;
}

async function backUp(source: string, location: string): Promise<DatasetReport> {
  await using stack = new AsyncDisposableStack();
  const store = stack.adopt(await openStore(location), (s) => s.close());
  const repository = stack.adopt(await initRepository(store, { unlock: { passphrase: async () => PASSPHRASE }, now, workers: 2 }), (r) =>
    r.close(),
  );
  const tenant = await repository.tenant(TENANT, { create: true });
  const session = await tenant.session(BACKUP, { type: 'full' });
  const folder = await openSourceFolder(source);
  const plan = await planCapture(folder, { now });
  const tree = await session.capture({ datasetId: 'set', root: folder.root, files: plan.files });
  if (tree.findings.length > 0) throw new Error(`capture: ${JSON.stringify(tree.findings)}`);
  const { root, objects, bytes, newBytes } = tree;
  const dataset = { datasetId: 'set', format: plan.format, root, status: 'completed', objects, bytes, newBytes };
  await session.commit({ backupId: BACKUP, tenant: TENANT, type: 'full', datasets: [dataset], createdAtMs: now(), expected: 1 });
  await session.close();
  return inspectDataset(tenant.openFiles(root), { deep: true });
}

/** The command line on the storage alone. @throws with its output when it does not end with 0. */
async function dr(location: string, args: readonly string[]): Promise<void> {
  const main = join(ROOT, 'cli/dr/src/main.ts');
  const argv = ['--conditions=dr-source', '--disable-warning=ExperimentalWarning', main, '--repo', location, ...args];
  const env = { ...process.env, BACKUP_PASSPHRASE: PASSPHRASE };
  await new Promise<void>((resolve, reject) =>
    execFile(process.execPath, argv, { env }, (error, stdout, stderr) =>
      error ? reject(new Error(`dr --repo ${args.join(' ')}: ${error.code}\n${stdout}${stderr}`)) : resolve(),
    ),
  );
}

/** File systems and `utimes` keep times to a microsecond or so. */
const MTIME_MS = 0.01;

/** Paths whose bytes or times differ between two folders, of those that take part in "byte for byte" (CONTRACT section 4). */
export async function differences(source: string, target: string, format: DatasetReport['format']): Promise<string[]> {
  const [a, b] = await Promise.all([filesOf(source, format), filesOf(target, format)]);
  const same = (path: string) => {
    const [x, y] = [a.get(path), b.get(path)];
    return x !== undefined && y !== undefined && x.digest === y.digest && Math.abs(x.mtimeMs - y.mtimeMs) < MTIME_MS;
  };
  return [...new Set([...a.keys(), ...b.keys()])].filter((path) => !same(path));
}

async function filesOf(folder: string, format: DatasetReport['format']): Promise<Map<string, { digest: string; mtimeMs: number }>> {
  const found = new Map<string, { digest: string; mtimeMs: number }>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const full = join(entry.parentPath, entry.name);
    const path = relative(folder, full);
    if (!entry.isFile() || !compareRule(path, format)) continue;
    const { mtimeMs } = await stat(full);
    found.set(path, {
      digest: createHash('sha256')
        .update(await readFile(full))
        .digest('hex'),
      mtimeMs,
    });
  }
  return found;
}
