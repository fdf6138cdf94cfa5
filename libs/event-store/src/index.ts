/**
 * The event log on PostgreSQL: the one truth about what happened.
 *
 * An append (`EventStore`) is one SQL call under a lock of its stream, with the version it expects. The `Sequencer` gives every event a
 * dense position, in an order in which none can turn up late, and links a SHA-256 chain over the stored bytes. Everybody else reads by
 * position: `Processor` for projections and process managers (rows and checkpoint in one transaction; a new version is built beside the
 * old), `Relay` for the bus. `verifyChain` proves the log, `lags` tells how far everybody is, `migrate` sets up the tables.
 *
 * The services' role, dr_app, may append and seal by function only; nobody may change history. The library knows no bus: nudges come
 * in through `nudge()` and go out through callbacks, and everything also polls, so that a lost nudge costs a quarter of a second.
 */
export { AdvisoryLocks } from './advisory-lock.ts';
export { type Checkpoint, checkpoints, liveVersion, type ProcessorId, resetCheckpoint } from './checkpoint.ts';
export {
  changed,
  changedCount,
  type DatabaseOptions,
  integer,
  isTransient,
  openDatabase,
  type Queryable,
  rows,
  sqlState,
} from './database.ts';
export { APPEND_EVENTS_MAX, decodeBody, EVENT_BYTES_MAX, encodeBody } from './encoding.ts';
export * from './errors.ts';
export {
  domainCodec,
  type EventCodec,
  type EventMeta,
  type LoggedEvent,
  type NewEvent,
  type ReadEvent,
  type RecordedEvent,
  type StoredEvent,
} from './event.ts';
export { LOG_BYTES_MAX, type LogHead, type LogPage, logHead, positionOf, readLog, readLogPage } from './event-log.ts';
export { type AppendOptions, type AppendResult, type DecideOptions, EventStore, type EventStoreOptions } from './event-store.ts';
export { forgetCommands } from './forget-commands.ts';
export { IMPORT_EVENTS_MAX, importEvents, streamVersions } from './import-events.ts';
export { type Lags, lags, type OpenTransaction, oldestWriteTransaction } from './lag.ts';
export {
  backupEndedSince,
  type CopyLag,
  chainHashes,
  copyLag,
  placeOf,
  type RememberedHeads,
  rememberedHeads,
  rememberHeads,
  type SealedBodies,
  sealedBodies,
} from './log-copy.ts';
export { migrate } from './migrate.ts';
export { PollLoop, type PollLoopOptions } from './poll-loop.ts';
export { type AfterCommit, type HandleEvents, Processor, type ProcessorOptions, type ProcessorState } from './processor.ts';
export { Relay, type RelayOptions, type RelayState } from './relay.ts';
export { APP_ROLE } from './schema/access.ts';
export { Sequencer, type SequencerOptions, type SequencerState, seal } from './sequencer.ts';
export { type MigrationClass, sqlMigration } from './sql-migration.ts';
export { type ChainReport, verifyChain } from './verify-chain.ts';
