/** The main job, seen working: a backup of the sample, its verification, a restore beside the original, a comparison. One line each. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetFormat } from '@dr/deeplake';
import { StartError } from '../start-error.ts';
import { type Comparison, compareFolders } from './compare-folders.ts';
import type { GatewayClient } from './gateway-client.ts';
import { demoDatasets, demoTenant } from './sample.ts';

export interface DemoSurroundings {
  gateway: GatewayClient;
  sourceRoot: string;
  /** Whether a file of a restored data set is to be the same as in the original (locks and counters are written anew). */
  takesPart: (path: string, format: DatasetFormat) => boolean;
  say: (line: string) => void;
  now: () => number;
}

interface Backup {
  backup_id: string;
  status: string;
  error_message?: string;
  size_bytes?: number;
  datasets: { dataset_id: string; format: DatasetFormat; objects: number }[];
}

/** @throws StartError naming the step that failed. */
export async function runDemo(around: DemoSurroundings): Promise<void> {
  const backup = await backUp(around);
  await verify(around, backup);
  const mapping = freeNames(around.sourceRoot);
  await restore(around, backup, mapping);
  compare(around, backup, mapping);
}

const seconds = (from: number, to: number): string => `${((to - from) / 1000).toFixed(1)} s`;
const kilobytes = (bytes: number): string => `${Math.ceil(bytes / 1024).toLocaleString('en')} KB`;

function expectStatus(step: string, allowed: string[], { status, error_message = '' }: { status: string; error_message?: string }): void {
  if (!allowed.includes(status))
    throw new StartError('local.demo', `The ${step} of the sample ended as ${status}. ${error_message}`.trim());
}

async function backUp({ gateway, say, now }: DemoSurroundings): Promise<Backup> {
  const since = now();
  const { backup_id } = await gateway.call<Backup>('POST', '/api/v1/backups', {
    type: 'full',
    tenant_id: demoTenant,
    dataset_ids: demoDatasets,
  });
  const backup = await gateway.untilEnded<Backup>(`/api/v1/backups/${backup_id}`);
  expectStatus('backup', ['completed'], backup);
  const sets = backup.datasets.map((d) => `${d.dataset_id} (${d.format})`).join(' and ');
  const files = backup.datasets.reduce((sum, d) => sum + Number(d.objects), 0);
  say(`backed up   ${sets}: ${files} files, ${kilobytes(Number(backup.size_bytes ?? 0))}, in ${seconds(since, now())}; it is ${backup_id}`);
  return backup;
}

async function verify({ gateway, say, now }: DemoSurroundings, { backup_id }: Backup): Promise<void> {
  const since = now();
  const { verification_id } = await gateway.call<{ verification_id: string }>('POST', `/api/v1/backups/${backup_id}/verify`, {
    level: 'full',
  });
  expectStatus('verification', ['passed', 'completed'], await gateway.untilEnded(`/api/v1/verifications/${verification_id}`));
  say(`verified    every stored byte read back and checked, in ${seconds(since, now())}`);
}

async function restore({ gateway, say, now }: DemoSurroundings, { backup_id }: Backup, mapping: Record<string, string>): Promise<void> {
  const since = now();
  const body = { target_tenant: demoTenant, dataset_mapping: mapping };
  const { restore_id } = await gateway.call<{ restore_id: string }>('POST', `/api/v1/backups/${backup_id}/restore`, body);
  expectStatus('restore', ['completed'], await gateway.untilEnded(`/api/v1/restores/${restore_id}`));
  say(`restored    beside the original as ${Object.values(mapping).join(' and ')}, in ${seconds(since, now())}`);
}

/** Names that are not taken yet: an interrupted demo may have left some. */
function freeNames(sourceRoot: string): Record<string, string> {
  for (let n = 1; ; n += 1) {
    const suffix = n === 1 ? '-restored' : `-restored-${n}`;
    const taken = demoDatasets.some((id) => existsSync(join(sourceRoot, demoTenant, id + suffix)));
    if (!taken) return Object.fromEntries(demoDatasets.map((id) => [id, id + suffix]));
  }
}

function compare({ sourceRoot, takesPart, say, now }: DemoSurroundings, { datasets }: Backup, mapping: Record<string, string>): void {
  const since = now();
  const folder = (id: string) => join(sourceRoot, demoTenant, id);
  const results: Comparison[] = datasets.map(({ dataset_id, format }) =>
    compareFolders(folder(dataset_id), folder(mapping[dataset_id]!), (path) => takesPart(path, format)),
  );
  const different = results.flatMap((r) => r.different);
  if (different.length > 0)
    throw new StartError('local.demo', `The restored sample differs from the original: ${different.slice(0, 5).join(', ')}.`);
  const [files, bytes] = [results.reduce((sum, r) => sum + r.same, 0), results.reduce((sum, r) => sum + r.bytes, 0)];
  say(`compared    ${files} files, ${kilobytes(bytes)}: the same, byte for byte, in ${seconds(since, now())}`);
}
