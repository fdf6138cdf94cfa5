import type { VerificationEnded, VerificationRequested } from './events.ts';

export type VerificationState =
  | { readonly status: 'absent' }
  | { readonly status: 'pending'; readonly request: VerificationRequested }
  | { readonly status: VerificationEnded['outcome']; readonly request: VerificationRequested; readonly ended: VerificationEnded };

export const absentVerification: VerificationState = { status: 'absent' };
