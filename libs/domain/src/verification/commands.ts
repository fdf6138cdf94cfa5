import type { Damage, VerificationRequested } from './events.ts';

export type VerificationCommand = RequestVerification | EndVerification;

export interface RequestVerification extends VerificationRequested {
  readonly kind: 'request';
}

/** What was read and what was found. `error` = the check itself could not be finished; damage that was found nevertheless counts. */
export interface EndVerification {
  readonly kind: 'end';
  readonly objects: number;
  readonly bytes: number;
  readonly findings: readonly Damage[];
  readonly error?: { readonly message: string };
  /** What the backup only pins, so that it could not be checked. */
  readonly pinned?: { readonly objects: number; readonly bytes: number };
}
