import { listOf, message, optional } from '../schema/composites.ts';
import type { EventOf } from '../schema/event-types.ts';
import { count, oneOf, text } from '../schema/scalars.ts';
import type { ValueOf } from '../schema/shape.ts';

/** One piece of damage: the object of the repository (or '' for a structure finding), what is wrong, and the paths that need it. */
export const damage = message('Damage', { object: text, kind: text, message: text, paths: listOf(text) });
export type Damage = ValueOf<typeof damage>;

export const amount = message('Amount', { objects: count, bytes: count });

/** Stream `verification-<id>`. */
export const verificationEvents = {
  VerificationRequested: message('VerificationRequested', {
    verificationId: text,
    backupId: text,
    tenant: text,
    level: oneOf('quick', 'full'),
    requestedBy: text,
  }),
  /** passed: nothing is wrong. failed: damage was found. error: it could not be found out, `message` says why. */
  VerificationEnded: message('VerificationEnded', {
    outcome: oneOf('passed', 'failed', 'error'),
    objects: count,
    bytes: count,
    findings: listOf(damage),
    /** Of all findings; the list is cut at FINDINGS_MAX. */
    findingsTotal: count,
    message: optional(text),
    /** Files and bytes that were not checked, because the backup is a snapshot that only pins them. */
    pinned: optional(amount),
  }),
};

export type VerificationEvent = EventOf<typeof verificationEvents>;
export type VerificationRequested = ValueOf<typeof verificationEvents.VerificationRequested>;
export type VerificationEnded = ValueOf<typeof verificationEvents.VerificationEnded>;
