import type { LoggedEvent, Queryable } from '@dr/event-store';
import { projectApiKeys } from '../api-keys/api-keys.projection.ts';
import { projectBackups } from '../backups/backups.projection.ts';
import { projectRestores } from '../restores/restores.projection.ts';
import { projectVerifications } from '../verifications/verifications.ts';

/** Per transaction: the more there are, the more of them fall on the same rows; so many take a twentieth of a second. */
export const BATCH_EVENTS_MAX = 2_000;

/** Brings the catalog's read models from before a batch of events to after it, in the transaction that moves the checkpoint. */
export async function projectEvents(tx: Queryable, events: readonly LoggedEvent[]): Promise<void> {
  await projectBackups(tx, events);
  await projectRestores(tx, events);
  await projectVerifications(tx, events);
  await projectApiKeys(tx, events);
}
