import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { type SystemItem, systemEnvironment } from '@dr/config';
import type { CaptureCommand } from '@dr/domain';
import type { CapturedTree, CaptureFile } from '@dr/repository';
import { type CommandEnd, runCommand } from '@dr/service';
import type { CaptureItem } from './capture-item.ts';
import { ItemFailed } from './item-failed.ts';

const TIMEOUT_SECONDS = 3_600;
const OUTPUT_BYTES_MAX = 64 * 2 ** 30;

/** What it is called in the backup, and after a restore. */
export const OUTPUT_NAME = 'output';

/**
 * Runs the command of an item and captures what it writes as it comes: it is held up by how fast that is stored, and never kept in memory or on disk. Only
 * the output of a command that ended well counts. @throws ItemFailed; what the store and the signal throw.
 */
export async function captureOutput(item: SystemItem, request: CaptureItem): Promise<CaptureCommand> {
  const { session, backupId, dataset, tenantId, context } = request;
  const timeout = AbortSignal.timeout((item.timeout_seconds ?? TIMEOUT_SECONDS) * 1000);
  const signal = AbortSignal.any([context.signal, timeout]);
  let tree: CapturedTree | undefined;
  const output = async (stdout: Readable) => {
    const files = [[outputFile(limited(stdout, item), request.now())]];
    tree = await session.capture({ datasetId: dataset.datasetId, root: '/', files, signal, progress: () => context.progress() });
  };
  const about = { DR_BACKUP_ID: backupId, DR_TENANT: tenantId, DR_SYSTEM_STATE: item.name };
  const end = await runCommand({ command: item.command!, env: systemEnvironment(), about, output, signal }).catch((error: unknown) => {
    context.signal.throwIfAborted();
    if (timeout.aborted) throw new ItemFailed('system_state.too_slow', `${nameOf(item)} took longer than its time limit and was ended`);
    throw error;
  });
  refuseFailed(item, end);
  await session.flush();
  return recordOf(request, tree!);
}

const nameOf = ({ command }: SystemItem): string => basename(command![0]!);

function refuseFailed(item: SystemItem, { ok, how, said }: CommandEnd): void {
  if (ok) return;
  throw new ItemFailed('system_state.command_failed', `${nameOf(item)} failed: ${how}. The log of the archiver has what it wrote.`, said);
}

/** @throws ItemFailed for more than the item may have. */
async function* limited(stdout: Readable, item: SystemItem): AsyncGenerator<Uint8Array> {
  const most = item.max_bytes ?? OUTPUT_BYTES_MAX;
  let bytes = 0;
  for await (const part of stdout as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > most)
      throw new ItemFailed('system_state.too_large', `${nameOf(item)} wrote more than ${most} bytes (max_bytes) and was ended`);
    yield part;
  }
}

function outputFile(stream: AsyncIterable<Uint8Array>, nowMs: number): CaptureFile {
  const timeNs = BigInt(Math.floor(nowMs)) * 1_000_000n;
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  return { path: OUTPUT_NAME, kind: 'file', size: 0, mode: 0o600, ...owner, mtimeNs: timeNs, ctimeNs: timeNs, ino: 0n, stream };
}

const recordOf = ({ backupId, dataset: { n, datasetId } }: CaptureItem, tree: CapturedTree): CaptureCommand => ({
  kind: 'recordCaptured',
  backupId,
  n,
  datasetId,
  format: 'opaque',
  root: tree.root,
  objects: tree.objects,
  bytes: tree.bytes,
  newBytes: tree.newBytes,
  storedBytes: tree.storedBytes,
  branches: [],
  tags: [],
  rows: 0,
  findings: [],
});
