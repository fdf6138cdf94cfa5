import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { compareRule, type DatasetReport, inspectDataset, planCapture, syntheticFiles } from '@dr/deeplake';
import { initRepository } from '@dr/repository';
import { openSourceFolder, openStore } from '@dr/storage';

const now = () => Date.now();
const PASSPHRASE = 'only for this test';

/** Our reading of a data set, down to the last byte. */
export async function read(folder: string): Promise<DatasetReport> {
  return inspectDataset(await openSourceFolder(folder), { deep: true });
}

/**
 * Backs a data set up into a fresh local repository below `work`, verifies it whole, checks the structure of the copy, and restores it to `target`.
 * @returns the report of the copy in the repository. @throws when any step finds fault.
 */
export async function backUpAndRestore(source: string, target: string, work: string): Promise<DatasetReport> {
  await mkdir(work, { recursive: true });
  const store = await openStore(join(work, 'repository'));
  const repository = await initRepository(store, { unlock: { passphrase: async () => PASSPHRASE }, now, workers: 2 });
  try {
    const tenant = await repository.tenant('conformance', { create: true });
    const id = 'backup_20300101_000000_00000001';
    const session = await tenant.session(id, { type: 'full' });
    const folder = await openSourceFolder(source);
    const plan = await planCapture(folder, { now });
    const tree = await session.capture({ datasetId: 'set', root: folder.root, files: plan.files });
    if (tree.findings.length > 0) throw new Error(`capture: ${JSON.stringify(tree.findings)}`);
    const dataset = {
      datasetId: 'set',
      format: plan.format,
      root: tree.root,
      status: 'done',
      objects: tree.objects,
      bytes: tree.bytes,
      newBytes: tree.newBytes,
    };
    await session.commit({ backupId: id, tenant: 'conformance', type: 'full', datasets: [dataset], createdAtMs: now(), expected: 1 });
    await session.close();
    const verified = await tenant.verify(id, { level: 'full' });
    if (!verified.ok) throw new Error(`verify: ${JSON.stringify(verified.findings)}`);
    const report = await inspectDataset(tenant.openFiles(tree.root), { deep: true });
    await tenant.restore(tree.root, target);
    const paths: string[] = [];
    for await (const { path } of tenant.entries(tree.root)) paths.push(path);
    for (const { path, content } of syntheticFiles(paths, plan.format)) await writeFile(join(target, path), content);
    return report;
  } finally {
    await repository.close();
    await store.close();
  }
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
