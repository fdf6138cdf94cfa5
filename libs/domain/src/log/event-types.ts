import { type ApiKeyEvent, apiKeyEvents } from '../api-key/events.ts';
import { type BackupEvent, backupEvents } from '../backup/events.ts';
import { type CaptureEvent, captureEvents } from '../capture/events.ts';
import { type RepositoryEvent, repositoryEvents } from '../repository/events.ts';
import { type RestoreEvent, restoreEvents } from '../restore/events.ts';
import { type VerificationEvent, verificationEvents } from '../verification/events.ts';

/** Everything that can stand in the log. */
export type DomainEvent = BackupEvent | CaptureEvent | RestoreEvent | VerificationEvent | ApiKeyEvent | RepositoryEvent;
export type EventType = DomainEvent['type'];

export const eventTables = {
  ...backupEvents,
  ...captureEvents,
  ...restoreEvents,
  ...verificationEvents,
  ...apiKeyEvents,
  ...repositoryEvents,
};

/** Their names, in the order of the alphabet. */
export const EVENT_TYPES = Object.keys(eventTables).sort() as EventType[];
