import type { BackupRequested, BackupSealed } from './events.ts';

/** A backup's life, seen by its decisions. pending and running are open; the other four are ends, and final. */
export type BackupState = AbsentBackup | OpenBackup | SealedBackup | DeadBackup;

export interface AbsentBackup {
  readonly status: 'absent';
}

interface KnownBackup {
  readonly request: BackupRequested;
  readonly captures?: { readonly done: number; readonly failed: number };
  readonly cancelRequestedBy?: string;
  /** `undone`: it was deleted once, and came back. How the backup ended stays beside it. */
  readonly deletion?: { readonly step: 'deleting' | 'deleted' | 'undone'; readonly purgeAfter?: string };
}

export interface OpenBackup extends KnownBackup {
  readonly status: 'pending' | 'running';
}

export interface SealedBackup extends KnownBackup {
  readonly status: 'completed' | 'partial';
  readonly sealed: BackupSealed;
  readonly verifications: readonly { readonly verificationId: string; readonly ok: boolean }[];
}

export interface DeadBackup extends KnownBackup {
  readonly status: 'failed' | 'cancelled';
  readonly failure?: { readonly code: string; readonly message: string };
}

export const absentBackup: AbsentBackup = { status: 'absent' };
