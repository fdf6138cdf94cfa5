import type { ApiKeyCommand } from './api-key/commands.ts';
import { decide as decideApiKey } from './api-key/decide.ts';
import type { ApiKeyEvent } from './api-key/events.ts';
import { evolve as evolveApiKey } from './api-key/evolve.ts';
import { type ApiKeyState, absentApiKey } from './api-key/state.ts';
import type { BackupCommand } from './backup/commands.ts';
import { decide as decideBackup } from './backup/decide.ts';
import type { BackupEvent } from './backup/events.ts';
import { evolve as evolveBackup } from './backup/evolve.ts';
import { absentBackup, type BackupState } from './backup/state.ts';
import type { CaptureCommand } from './capture/commands.ts';
import { decide as decideCapture } from './capture/decide.ts';
import type { CaptureEvent } from './capture/events.ts';
import { evolve as evolveCapture } from './capture/evolve.ts';
import { absentCapture, type CaptureState } from './capture/state.ts';
import type { Decider } from './decider.ts';
import type { RepositoryCommand } from './repository/commands.ts';
import { decide as decideRepository } from './repository/decide.ts';
import type { RepositoryEvent } from './repository/events.ts';
import { evolve as evolveRepository } from './repository/evolve.ts';
import { type RepositoryState, unchangedRepository } from './repository/state.ts';
import type { RestoreCommand } from './restore/commands.ts';
import { decide as decideRestore } from './restore/decide.ts';
import type { RestoreEvent } from './restore/events.ts';
import { evolve as evolveRestore } from './restore/evolve.ts';
import { absentRestore, type RestoreState } from './restore/state.ts';
import type { VerificationCommand } from './verification/commands.ts';
import { decide as decideVerification } from './verification/decide.ts';
import type { VerificationEvent } from './verification/events.ts';
import { evolve as evolveVerification } from './verification/evolve.ts';
import { absentVerification, type VerificationState } from './verification/state.ts';

export const backupDecider: Decider<BackupState, BackupCommand, BackupEvent> = {
  initial: absentBackup,
  decide: decideBackup,
  evolve: evolveBackup,
};
export const captureDecider: Decider<CaptureState, CaptureCommand, CaptureEvent> = {
  initial: absentCapture,
  decide: decideCapture,
  evolve: evolveCapture,
};
export const restoreDecider: Decider<RestoreState, RestoreCommand, RestoreEvent> = {
  initial: absentRestore,
  decide: decideRestore,
  evolve: evolveRestore,
};
export const verificationDecider: Decider<VerificationState, VerificationCommand, VerificationEvent> = {
  initial: absentVerification,
  decide: decideVerification,
  evolve: evolveVerification,
};
export const apiKeyDecider: Decider<ApiKeyState, ApiKeyCommand, ApiKeyEvent> = {
  initial: absentApiKey,
  decide: decideApiKey,
  evolve: evolveApiKey,
};
export const repositoryDecider: Decider<RepositoryState, RepositoryCommand, RepositoryEvent> = {
  initial: unchangedRepository,
  decide: decideRepository,
  evolve: evolveRepository,
};
