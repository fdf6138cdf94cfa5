/**
 * Captures a data set of many objects that is nowhere, under whatever heap the process was given: many-objects.ts COUNT. A full, an incremental in which
 * nothing changed, and one in which one object did; then verification and inspection. Prints what it counted as JSON.
 */
import { inspectDataset, planCapture } from '@dr/deeplake';
import { type CapturedTree, type CaptureFile, initRepository, type TenantRepository } from '@dr/repository';
import type { SourceFile, SourceFolder } from '@dr/storage';
import { MemoryStore } from '@dr/storage/faults';
import { bytesOf } from './make-objects.ts';

const count = Number(process.argv[2]);
const LONG_AGO_NS = 1_000_000_000_000_000_000n;
const PAGE = 1000;

/** Object n was changed at a time of its own. */
function entry(n: number, changed: number): SourceFile {
  const path = `objects/${String(Math.floor(n / PAGE)).padStart(6, '0')}/${String(n).padStart(9, '0')}`;
  const time = LONG_AGO_NS + BigInt(n === changed ? 1 : 0);
  return { path, kind: 'file', size: bytesOf(n).length, mode: 0o644, uid: 0, gid: 0, mtimeNs: time, ctimeNs: time, ino: BigInt(n + 1) };
}

/** Only listings are asked for. */
function listedOnly(changed: number): SourceFolder {
  const list = async function* () {
    for (let n = 0; n < count; n += PAGE) yield Array.from({ length: Math.min(PAGE, count - n) }, (_, i) => entry(n + i, changed));
  };
  return { root: '/', list } as unknown as SourceFolder;
}

/** @param contents whether bytes come with the files: else what has to be read is missing. */
async function* filesOf(changed: number, contents: (n: number) => boolean): AsyncGenerator<CaptureFile[]> {
  const { files } = await planCapture(listedOnly(changed), { now: Date.now, format: 'opaque' });
  for await (const page of files)
    yield page.map((file) => {
      const n = Number(file.ino) - 1;
      return contents(n) ? { ...file, content: bytesOf(n) } : file;
    });
}

async function backUp(
  tenant: TenantRepository,
  backupId: string,
  files: AsyncIterable<CaptureFile[]>,
  base?: string,
): Promise<CapturedTree> {
  const type = base ? 'incremental' : 'full';
  const session = await tenant.session(backupId, { type });
  const tree = await session.capture({ datasetId: 'set', root: '/', files, bases: base ? [base] : [] });
  const { root, objects, bytes, newBytes } = tree;
  const datasets = [{ datasetId: 'set', format: 'opaque' as const, root, status: 'completed', objects, bytes, newBytes }];
  await session.commit({ backupId, tenant: tenant.tenant, type, datasets, createdAtMs: 0, expected: 1 });
  await session.close();
  return tree;
}

const options = { unlock: { passphrase: async () => 'a passphrase of the benchmark' }, now: Date.now, workers: 1 };
const repository = await initRepository(new MemoryStore(), { ...options, kdf: { memoryKiB: 8, passes: 1, parallelism: 1 } });
const tenant = await repository.tenant('bench', { create: true });
const changed = Math.floor(count / 2);
const first = await backUp(
  tenant,
  'backup_1',
  filesOf(-1, () => true),
);
const unchanged = await backUp(
  tenant,
  'backup_2',
  filesOf(-1, () => false),
  first.root,
);
const one = await backUp(
  tenant,
  'backup_3',
  filesOf(changed, (n) => n === changed),
  unchanged.root,
);
const { ok } = await tenant.verify('backup_3', { level: 'full' });
const { files } = await inspectDataset(tenant.openFiles(one.root), { format: 'opaque' });
const told = ({ objects, takenOver, newBytes, findings }: CapturedTree) => ({ objects, takenOver, newBytes, findings: findings.length });
const sameRoot = unchanged.root === first.root;
process.stdout.write(
  `${JSON.stringify({ first: told(first), unchanged: told(unchanged), one: told(one), sameRoot, ok, inspected: files.count })}\n`,
);
await repository.close();
