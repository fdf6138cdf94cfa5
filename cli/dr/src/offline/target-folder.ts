import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Context } from '../context.ts';
import { Declined, UsageError } from '../errors.ts';

/**
 * What a restore without services goes below, absolute. An empty name, as an unset variable of a script gives, would mean the folder one happens to
 * be in. @throws UsageError; Declined when a file is in the way.
 */
export async function targetFolder(target: string, context: Pick<Context, 'path'>): Promise<string> {
  if (target === '') throw new UsageError('--target is empty; say where to. For the folder you are in: --target .', 'restore');
  const folder = context.path(target);
  const file = await fileAmong(folder);
  if (file !== undefined) throw new Declined(`${file} is a file, so nothing can be restored below it. Give another --target.`);
  return folder;
}

/** The place itself, or the nearest above it that exists, when it is no folder. */
async function fileAmong(place: string): Promise<string | undefined> {
  const found = await stat(place).catch((error: NodeJS.ErrnoException) => error.code);
  if (typeof found === 'object') return found.isDirectory() ? undefined : place;
  const above = dirname(place);
  return above !== place && (found === 'ENOENT' || found === 'ENOTDIR') ? fileAmong(above) : undefined;
}
