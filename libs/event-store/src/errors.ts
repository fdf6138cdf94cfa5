import { DomainError } from '@dr/domain';

/** Errors of the event store. Codes: 'event_store.<reason>'. */
export abstract class EventStoreError extends DomainError {
  constructor(message: string, details?: Record<string, unknown>, cause?: unknown) {
    super(message, details);
    if (cause !== undefined) this.cause = cause;
  }
}

/** Somebody appended first. Read the stream again and decide again; `actual` is the version it has now. */
export class VersionConflict extends EventStoreError {
  readonly code = 'event_store.version_conflict';
  readonly stream: string;
  readonly expected: number;
  readonly actual: number;

  constructor(stream: string, expected: number, actual: number) {
    super(`Appending to ${stream}: expected version ${expected}, found ${actual}. Read the stream again and repeat the decision.`, {
      stream,
      expected,
      actual,
    });
    this.stream = stream;
    this.expected = expected;
    this.actual = actual;
  }
}

/** An event id that is in the store already, under another command. Ids must be fresh for each event. */
export class DuplicateEventId extends EventStoreError {
  readonly code = 'event_store.duplicate_event_id';
  constructor(stream: string, cause: unknown) {
    super(`Appending to ${stream}: an event id is already used. Make a new id for every new event.`, { stream }, cause);
  }
}

/** The events cannot be stored as they are: too many, too large, or not JSON that PostgreSQL and RFC 8785 both accept. */
export class UnstorableEvent extends EventStoreError {
  readonly code = 'event_store.unstorable_event';
  constructor(stream: string, why: string) {
    super(`Appending to ${stream}: ${why}`, { stream });
  }
}

/** A stored body is not the JSON envelope that was written: the row was damaged or edited. Run the chain check. */
export class BodyUnreadable extends EventStoreError {
  readonly code = 'event_store.body_unreadable';
  constructor(where: string, cause: unknown) {
    super(
      `Reading ${where}: the stored bytes are no event. Check the hash chain and restore the database from its backup.`,
      { where },
      cause,
    );
  }
}

/** Dense positions with a hole, or a stream read out of order: the log and the reader disagree, so nothing may be skipped over. */
export class LogOutOfOrder extends EventStoreError {
  readonly code = 'event_store.log_out_of_order';
}

/** Another process moved this processor's checkpoint. Its work counts, ours was rolled back. */
export class CheckpointMoved extends EventStoreError {
  readonly code = 'event_store.checkpoint_moved';
  constructor(processor: string, expected: number) {
    super(`Processing for ${processor}: its checkpoint is no longer ${expected}; another process went on. The batch was rolled back.`, {
      processor,
      expected,
    });
  }
}

/** The database does not fit this program: a migration is missing or a value lies outside what the program can hold. */
export class DatabaseUnfit extends EventStoreError {
  readonly code = 'event_store.database_unfit';
}

/** The database holds an event that contradicts one of the archive: it went on from an earlier state, by itself. Nothing was imported. */
export class ImportConflict extends EventStoreError {
  readonly code = 'event_store.import_conflict';
  constructor(after: number, cause: unknown) {
    super(
      `Importing events behind position ${after}: the database holds another event where one of them belongs. It went on by itself from an earlier state.`,
      { after },
      cause,
    );
  }
}
