import { realpath, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { SystemItem } from '@dr/config';
import type { CaptureCommand, DatasetRef } from '@dr/domain';
import type { JobContext } from '@dr/jobs';
import type { BackupSession, TenantRepository } from '@dr/repository';
import { DrError } from '@dr/storage';
import type { Logger } from '@dr/telemetry';
import { captureDataset } from '../capture-dataset/capture-dataset.ts';
import { captureOutput } from './capture-output.ts';
import { ItemFailed } from './item-failed.ts';

export interface CaptureItem {
  session: BackupSession;
  tenant: TenantRepository;
  /** As this archiver's configuration has it; undefined when it has not. */
  item: SystemItem | undefined;
  name: string;
  backupId: string;
  /** Under which it stands in the backup. */
  dataset: DatasetRef;
  tenantId: string;
  now: () => number;
  log: Logger;
  context: JobContext;
}

/** A command may be silent for long, within its own time limit. */
const STILL_THERE_MS = 30_000;

/**
 * Captures one item of system state: a file, a folder, or what a command writes. An item that fails is a result, which makes the backup partial, and is not
 * tried again: its command has run. @throws what the store and the signal throw: then the whole item is captured again.
 */
export async function captureItem(request: CaptureItem): Promise<CaptureCommand> {
  const { item, name, context, log, backupId } = request;
  const beat = setInterval(() => context.progress(), STILL_THERE_MS);
  try {
    if (!item) throw new ItemFailed('system_state.unknown', 'the configuration of the archiver does not have it (any more)');
    return await (item.command ? captureOutput(item, request) : capturePath(item.path!, request));
  } catch (error) {
    context.signal.throwIfAborted();
    if (!isOwnFailure(error)) throw error;
    const said = error instanceof ItemFailed ? error.said : undefined;
    log.warn({ backup_id: backupId, system_state: name, reason: error.message, said }, 'an item of system state was not captured');
    return failed(request, error);
  } finally {
    clearInterval(beat);
  }
}

/** What the store says is no fault of the item. */
const isOwnFailure = (error: unknown): error is Error & { code: string } =>
  error instanceof ItemFailed || (error instanceof DrError && error.code.startsWith('source.'));

/** Links in the path itself are the operator's, and are resolved once. */
async function capturePath(path: string, request: CaptureItem): Promise<CaptureCommand> {
  const { context, dataset } = request;
  const real = await realpath(path).catch(() => path);
  const isFolder = await stat(real).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const where = isFolder ? { sourceRoot: real } : { sourceRoot: dirname(real), only: basename(real) };
  const { signal } = context;
  return captureDataset({ ...request, ...where, dataset: { ...dataset, path: '' }, signal, progress: () => context.progress() });
}

/** All who may read the tenant's backups read this: no path of the machine, and not what a command wrote. Both are for the operator, and in the log. */
function failed({ backupId, name, dataset: { n, datasetId } }: CaptureItem, error: Error & { code: string }): CaptureCommand {
  const { code } = error;
  const cause = error instanceof ItemFailed ? error.message : `its path could not be read (${code}); the log of the archiver says more`;
  const why = `System state ${name} was not captured: ${cause}`;
  const finding = { format: 'opaque', code: 'W8', severity: 'error', path: '', message: why } as const;
  return { kind: 'recordFailed', backupId, n, datasetId, code, message: why, findings: [finding] };
}
