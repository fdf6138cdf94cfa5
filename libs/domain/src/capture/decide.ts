import { countFindings, mostSevere } from '../dataset/findings.ts';
import { WrongState } from '../errors.ts';
import { sameValue } from '../log/canonical-json.ts';
import type { CaptureCommand, RecordCaptured, RecordCaptureFailed } from './commands.ts';
import type { CaptureEvent } from './events.ts';
import type { CaptureState } from './state.ts';

/**
 * The result of one data set is recorded once. Two workers may have captured it (a lease expired, another took over): the first wins,
 * and the second learns by WrongState 'wrong_state.capture_recorded' that its own result does not count.
 */
export function decide(state: CaptureState, command: CaptureCommand): readonly CaptureEvent[] {
  const event = command.kind === 'recordCaptured' ? captured(command) : failed(command);
  if (state.status === 'absent') return [event];
  if (sameValue(state.result, event.data)) return [];
  throw new WrongState(
    'capture_recorded',
    `Cannot record the capture of data set ${command.datasetId} in ${command.backupId}: it is on record as ${state.status}, and the first result stays.`,
    { status: state.status },
  );
}

/** Intact is what no check found an error in. */
function captured({ kind: _, findings, findingCounts = countFindings(findings), ...facts }: RecordCaptured): CaptureEvent {
  return { type: 'DatasetCaptured', data: { ...facts, findings: mostSevere(findings), findingCounts, intact: findingCounts.error === 0 } };
}

function failed({ kind: _, findings, findingCounts = countFindings(findings), ...facts }: RecordCaptureFailed): CaptureEvent {
  return { type: 'DatasetCaptureFailed', data: { ...facts, findings: mostSevere(findings), findingCounts } };
}
