import { mapLimited } from './concurrency.ts';
import { FormatTooNew, Malformed } from './errors.ts';
import { segmentOf } from './format/object-names.ts';
import { decodeSession } from './format/session-object.ts';
import type { Ledger } from './ledger.ts';
import type { TenantScope } from './tenant-scope.ts';
import type { BackupType, UndecidedBackup } from './types.ts';

const READS_AT_ONCE = 8;
/** A writer that was silent for so long is dead, and whoever runs backups would have decided for it; so its decision was probably removed. */
const SILENT_MS = 24 * 3600 * 1000;

/** See TenantRepository.undecided. Listings come before the decisions: a backup that ends meanwhile is not taken for undecided. */
export async function undecidedBackups(scope: TenantScope, ledger: Ledger): Promise<UndecidedBackup[]> {
  const traces = new Map<string, { segments: number; lastSeenMs: number }>();
  const trace = (backupId: string, segments: number, modifiedAtMs: number): void => {
    const seen = traces.get(backupId) ?? { segments: 0, lastSeenMs: 0 };
    traces.set(backupId, { segments: seen.segments + segments, lastSeenMs: Math.max(seen.lastSeenMs, modifiedAtMs) });
  };
  const { store, names } = scope;
  for await (const page of store.list(names.sessions))
    for (const { key, modifiedAtMs } of page) if (!key.endsWith('-end')) trace(key.slice(names.sessions.length), 0, modifiedAtMs);
  for await (const page of store.list(names.index))
    for (const { key, modifiedAtMs } of page) {
      const session = segmentOf(key)?.session;
      if (session) trace(session, 1, modifiedAtMs);
    }
  for await (const page of store.list(names.decisions)) for (const { key } of page) traces.delete(key.slice(names.decisions.length));
  const open = [...traces].filter(([backupId]) => !ledger.purged.has(backupId)).sort(([a], [b]) => (a < b ? -1 : 1));
  const nowMs = scope.now();
  return mapLimited(open, READS_AT_ONCE, async ([backupId, seen]) => {
    const lost = seen.segments > 0 && nowMs - seen.lastSeenMs > SILENT_MS;
    return { backupId, ...(await begun(scope, backupId)), ...seen, ...(lost && { warning: lostSentence({ backupId, ...seen }) }) };
  });
}

/** From the session object; nothing when it is gone or damaged. */
export async function begun(scope: TenantScope, backupId: string): Promise<{ type?: BackupType; startedAtMs?: number }> {
  const key = scope.names.session(backupId);
  if (!(await scope.store.stat(key))) return {};
  try {
    const { type, startedAtMs } = decodeSession(scope, backupId, await scope.store.read(key));
    return { type, startedAtMs };
  } catch (error) {
    if (error instanceof Malformed || error instanceof FormatTooNew) return {};
    throw error;
  }
}

const lostSentence = ({ backupId, segments, lastSeenMs }: UndecidedBackup): string =>
  `Backup ${backupId} has ${segments} index segments, the last of ${new Date(lastSeenMs).toISOString()}, and no decision: either it died and nobody gave ` +
  'it up, or its commit was removed from the store. If the event log or an older listing says that it was completed, bring its commit back from a replica.';
