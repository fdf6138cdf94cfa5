export type * from './api-key/commands.ts';
export { type ApiKeyCreated, type ApiKeyEvent, SCOPES, type Scope } from './api-key/events.ts';
export { allowsScope, allowsTenant, beyondGrant, isHouseAdmin, isUsable } from './api-key/grants.ts';
export type * from './api-key/state.ts';
export type * from './backup/commands.ts';
export { isUsable as isUsableBackup, isVerifiedGood } from './backup/decide-deletion.ts';
export type { BackupEvent, BackupRecovered, BackupRequested, BackupSealed, BackupType } from './backup/events.ts';
export { RECOVERY } from './backup/evolve.ts';
export { type LeftOut, type LeftOutPath, leftOutOf, lostIn } from './backup/left-out.ts';
export { requestForCommit, requestFrom } from './backup/request-in-commit.ts';
export type * from './backup/state.ts';
export { decisionFrom, type StoredDecision, tombstoneReason } from './backup/stored-decision.ts';
export type * from './capture/commands.ts';
export { type DatasetForCommit, datasetForCommit, endToPropose } from './capture/committed.ts';
export type { CaptureEvent, DatasetCaptured, DatasetCaptureFailed } from './capture/events.ts';
export { captureFrom, type DatasetInCommit, selectionFrom } from './capture/recovered.ts';
export type * from './capture/state.ts';

export type {
  BranchHead,
  ChangesSinceBase,
  DatasetFormat,
  DatasetRef,
  Finding,
  FindingCounts,
  MissingDataset,
  PinnedByIdentity,
  TagRef,
} from './dataset/dataset.ts';
export { countFindings } from './dataset/findings.ts';
export type { Decider } from './decider.ts';
export { apiKeyDecider, backupDecider, captureDecider, repositoryDecider, restoreDecider, verificationDecider } from './deciders.ts';
export { DomainError, Refused, UnreadableEvent, WrongState } from './errors.ts';
export { DATASETS_MAX, FINDINGS_MAX } from './limits.ts';
export { canonicalJson } from './log/canonical-json.ts';
export { decodeEvent, type EncodedEvent, encodeEvent } from './log/codec.ts';
export { type DomainEvent, EVENT_TYPES, type EventType } from './log/event-types.ts';
export { schemaVersionOf } from './log/schema-versions.ts';
export { type EventMeta, type ReadEvent, type RecordedEvent, readEvent } from './recorded-event.ts';
export type * from './repository/commands.ts';
export type { LogForked, LogImported, RepositoryEvent, RollbackAdopted } from './repository/events.ts';
export type { RepositoryState } from './repository/state.ts';
export type * from './restore/commands.ts';
export type {
  DatasetRestored,
  DatasetRestoreFailed,
  HookRun,
  RestoreDataset,
  RestoreEnded,
  RestoreEvent,
  RestoreOptions,
  RestoreRequested,
} from './restore/events.ts';
export type * from './restore/state.ts';
export type { Json, JsonObject } from './schema/shape.ts';
export { AGGREGATES, type Aggregate, parseStream, streamOf } from './streams.ts';
export type * from './verification/commands.ts';
export type { Damage, VerificationEnded, VerificationEvent, VerificationRequested } from './verification/events.ts';
export type * from './verification/state.ts';
