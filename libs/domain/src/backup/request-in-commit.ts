import { text, time } from '../schema/scalars.ts';
import { readableOrNothing } from '../schema/shape.ts';
import type { BackupRecovered, BackupRequested } from './events.ts';
import { leftOutFrom } from './left-out.ts';

/** What a commit repeats of the request in its `extra`, for who has nothing but storage. `requestedAt`: RFC 3339, UTC. */
export type RequestInCommit = Pick<BackupRecovered, 'leftOut' | 'promotedFrom' | 'requestedBy' | 'requestedAt'>;

export function requestForCommit({ leftOut, promotedFrom, requestedBy }: BackupRequested, requestedAt: string): RequestInCommit {
  return { requestedBy, requestedAt, ...(leftOut && { leftOut }), ...(promotedFrom !== undefined && { promotedFrom }) };
}

/** The inverse. Older commits have less; what another writer left there is not trusted to be right. */
export function requestFrom(extra: Readonly<Record<string, unknown>> = {}): RequestInCommit {
  const leftOut = leftOutFrom(extra['leftOut']);
  const promotedFrom = readableOrNothing(text, extra['promotedFrom']);
  const requestedBy = readableOrNothing(text, extra['requestedBy']);
  const requestedAt = readableOrNothing(time, extra['requestedAt']);
  return {
    ...(leftOut && { leftOut }),
    ...(promotedFrom !== undefined && { promotedFrom }),
    ...(requestedBy !== undefined && { requestedBy }),
    ...(requestedAt !== undefined && { requestedAt }),
  };
}
