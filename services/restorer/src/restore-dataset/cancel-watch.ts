import { type Queryable, rows } from '@dr/event-store';
import { DrError } from '@dr/storage';

/** Somebody cancelled the restore before its swap began. */
export class RestoreCancelled extends DrError {
  readonly code = 'restore.cancelled';
  constructor() {
    super('The restore was cancelled before this data set took its place; what was staged is removed and the target is what it was.');
  }
}

export async function isCancelled(on: Queryable, restoreId: string): Promise<boolean> {
  const sql = 'SELECT cancelled FROM restore_plans WHERE restore_id = $1';
  return (await rows<{ cancelled: boolean }>(on, sql, [restoreId]))[0]?.cancelled === true;
}

const POLL_MS = 500;

/** Aborted with RestoreCancelled soon after a cancel. End the watch when the work is over. */
export function watchForCancel(on: Queryable, restoreId: string, pollMs = POLL_MS): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController();
  const look = async (): Promise<void> => {
    if (await isCancelled(on, restoreId)) controller.abort(new RestoreCancelled());
  };
  const timer = setInterval(() => void look().catch(() => undefined), pollMs);
  return { signal: controller.signal, end: () => clearInterval(timer) };
}
