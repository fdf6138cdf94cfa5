import { fitting } from '../dataset/findings.ts';
import { WrongState } from '../errors.ts';
import { DAMAGE_PATHS_MAX } from '../limits.ts';
import { sameValue } from '../log/canonical-json.ts';
import type { EndVerification, RequestVerification, VerificationCommand } from './commands.ts';
import type { VerificationEnded, VerificationEvent } from './events.ts';
import type { VerificationState } from './state.ts';

/** A verification is asked for and ends once. @throws WrongState 'wrong_state.verification_…'. */
export function decide(state: VerificationState, command: VerificationCommand): readonly VerificationEvent[] {
  return command.kind === 'request' ? request(state, command) : end(state, command);
}

function request(state: VerificationState, { kind: _, ...data }: RequestVerification): readonly VerificationEvent[] {
  if (state.status === 'absent') return [{ type: 'VerificationRequested', data }];
  if (sameValue(state.request, data)) return [];
  throw new WrongState(
    'verification_exists',
    `Cannot request verification ${data.verificationId}: the id belongs to another request. Take a new id.`,
  );
}

function end(state: VerificationState, command: EndVerification): readonly VerificationEvent[] {
  if (state.status === 'absent') throw new WrongState('verification_absent', 'Cannot end: this verification was never requested.');
  const data = result(command);
  if (state.status === 'pending') return [{ type: 'VerificationEnded', data }];
  if (sameValue(state.ended, data)) return [];
  throw new WrongState(
    'verification_ended',
    `Cannot end verification ${state.request.verificationId} again: it is on record as ${state.status}.`,
  );
}

/** Damage that was found is damage, also when the check could not be finished; only without any is an unfinished check an error. */
function result({ objects, bytes, findings, error, pinned }: EndVerification): VerificationEnded {
  const outcome = findings.length > 0 ? 'failed' : error ? 'error' : 'passed';
  const kept = fitting(findings.map((damage) => ({ ...damage, paths: damage.paths.slice(0, DAMAGE_PATHS_MAX) })));
  const data = { outcome, objects, bytes, findings: kept, findingsTotal: findings.length, ...(pinned && { pinned }) } as const;
  return error ? { ...data, message: error.message } : data;
}
