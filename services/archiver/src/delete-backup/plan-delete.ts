import { backupDecider, parseStream, streamOf } from '@dr/domain';
import type { EventStore, LoggedEvent, Queryable } from '@dr/event-store';

type DeleteRequested = Extract<LoggedEvent, { type: 'BackupDeleteRequested' }>;

/** How long the bytes of a deleted backup stay at least, so that it can come back. */
export const PURGE_AFTER_DAYS = 7;

const DAY_MS = 86_400_000;

/**
 * A wish to delete becomes a deleted backup: nothing is removed yet, and nobody may go on from it any more. The time follows from the wish,
 * not from when we read it.
 */
export async function planDelete({ store }: { store: EventStore }, tx: Queryable, event: DeleteRequested): Promise<void> {
  const backupId = parseStream(event.stream).id;
  const purgeAfter = new Date(Date.parse(event.recordedAt) + PURGE_AFTER_DAYS * DAY_MS).toISOString();
  const options = { commandId: `delete-${event.eventId}`, meta: { ...event.meta, actor: 'archiver' }, tx };
  await store.decide(streamOf.backup(backupId), backupDecider, { kind: 'recordDeleted', purgeAfter }, options);
}
