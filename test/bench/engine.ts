/**
 * Seconds, CPU and memory of the repository engine alone: first backup, unchanged backup, restore, verify full of one folder.
 *   node --conditions=dr-source test/bench/engine.ts FOLDER [--workers N] [--keep] [--steps first,unchanged,restore,verify]
 * Every step is a process of its own, started by this one, so that start-up, key derivation and peak memory count as they do for other engines.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type CaptureFile, initRepository, openRepository, type TenantRepository } from '@dr/repository';
import { openSourceFolder, openStore } from '@dr/storage';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    workers: { type: 'string' },
    keep: { type: 'boolean' },
    step: { type: 'string' },
    work: { type: 'string' },
    backup: { type: 'string' },
    steps: { type: 'string', default: 'first,unchanged,restore,verify' },
  },
});
const source = positionals[0] ?? process.exit(2);
const unlock = { passphrase: async () => 'a passphrase of the benchmark' };
const engine = { unlock, now: Date.now, workers: values.workers ? Number(values.workers) : undefined };

async function* files(root: string): AsyncGenerator<CaptureFile[]> {
  for await (const page of (await openSourceFolder(root)).list())
    yield page.filter(({ kind }) => kind !== 'special') as unknown as CaptureFile[];
}

async function backUp(tenant: TenantRepository, backupId: string): Promise<unknown> {
  const session = await tenant.session(backupId, { type: 'full' });
  const tree = await session.capture({ datasetId: 'all', root: source, files: files(source) });
  const dataset = {
    datasetId: 'all',
    format: 'opaque' as const,
    root: tree.root,
    status: 'completed',
    objects: tree.objects,
    bytes: tree.bytes,
    newBytes: tree.newBytes,
  };
  const commit = await session.commit({
    backupId,
    tenant: 'bench',
    type: 'full',
    datasets: [dataset],
    createdAtMs: Date.now(),
    expected: 1,
  });
  await session.close();
  return {
    objects: tree.objects,
    megabytes: mb(tree.bytes),
    newMegabytes: mb(tree.newBytes),
    storedMegabytes: mb(commit.kind === 'commit' ? commit.storedBytes : 0),
    findings: tree.findings.length,
  };
}

async function step(name: string, work: string): Promise<unknown> {
  const store = await openStore(join(work, 'repository'));
  const repository = name === 'first' ? await initRepository(store, engine) : await openRepository(store, { ...engine, mode: 'write' });
  const tenant = await repository.tenant('bench', { create: true });
  try {
    if (name === 'first' || name === 'unchanged') return await backUp(tenant, `backup_${name}`);
    if (name === 'verify') {
      const { ok, objects, bytes, findings } = await tenant.verify('backup_first', { level: 'full' });
      return { ok, objects, megabytes: mb(bytes), findings: findings.slice(0, 3) };
    }
    const { datasets } = await tenant.commit('backup_first');
    return await tenant.restore(datasets[0]!.root!, join(work, 'restored'));
  } finally {
    await repository.close();
  }
}

const mb = (bytes: number): number => Math.round(bytes / 1e5) / 10;

async function sizeOf(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((a, b) => a + b, 0);
}

if (values.step) {
  const result = await step(values.step, values.work!);
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  process.stdout.write(
    `${JSON.stringify({ cpuSeconds: Math.round((userCPUTime + systemCPUTime) / 1e4) / 100, peakMegabytes: Math.round(maxRSS / 1024), result })}\n`,
  );
} else {
  const work = values.work ?? mkdtempSync(join(tmpdir(), 'dr-bench-'));
  try {
    for (const name of values.steps.split(',')) {
      const args = [...process.execArgv, fileURLToPath(import.meta.url), source, '--step', name, '--work', work];
      if (values.workers) args.push('--workers', values.workers);
      const start = performance.now();
      const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      const seconds = Math.round(performance.now() - start) / 1000;
      process.stdout.write(`${name.padEnd(10)} ${seconds} s  ${stdout.trim() || stderr}\n`);
    }
    process.stdout.write(`repository ${mb(await sizeOf(join(work, 'repository')))} MB\n`);
  } finally {
    if (!values.keep) rmSync(work, { recursive: true, force: true });
  }
}
