import { parseStream, streamOf } from '@dr/domain';
import { type LoggedEvent, type Queryable, rows } from '@dr/event-store';

export const ENDED_STREAMS = `
SELECT DISTINCT stream FROM events
 WHERE stream = ANY ($1) AND type IN ('BackupSealed', 'BackupFailed', 'BackupCancelled', 'RestoreEnded', 'VerificationEnded')`;

/** Whether the operation of an event has ended in the log: then nothing is left to plan, and its jobs must not come back. */
export type IsPast = (event: Pick<LoggedEvent, 'stream'>) => boolean;

/** Batches so large come from a log that is read again, or was imported: there one question spares thousands. */
const HISTORY_EVENTS = 50;

/** Of a large batch, one query. Of a small one nothing is known: planners must be right without. */
export async function pastOf(tx: Queryable, events: readonly LoggedEvent[]): Promise<IsPast> {
  if (events.length < HISTORY_EVENTS) return () => false;
  const operations = [...new Set(events.map(operationStream))];
  const found = new Set((await rows<{ stream: string }>(tx, ENDED_STREAMS, [operations])).map(({ stream }) => stream));
  return (event) => found.has(operationStream(event));
}

/** A capture belongs to its backup. */
function operationStream({ stream }: Pick<LoggedEvent, 'stream'>): string {
  const { aggregate, id } = parseStream(stream);
  return aggregate === 'capture' ? streamOf.backup(id) : stream;
}
