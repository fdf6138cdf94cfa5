import { listOf, message } from '../schema/composites.ts';
import type { EventOf } from '../schema/event-types.ts';
import { count, oneOf, small, text } from '../schema/scalars.ts';
import type { ValueOf } from '../schema/shape.ts';

/** Stream `repository-<id>`: what became of the event log and of the repository that keeps its copy. For operators and the audit. */
export const repositoryEvents = {
  /** The database was behind the repository, or empty: the events `first` to `last` came from there, as they had been. */
  LogImported: message('LogImported', { repositoryId: text, epoch: small, first: count, last: count }),
  /**
   * This log and the copy in the repository part behind `position`; the copy goes on as epoch `epoch`, and what epoch `fromEpoch` has behind the
   * position is kept there as its old tail. diverged: the database had gone on by itself from an earlier state. unreadable: `objects` are lost or damaged;
   * of what came behind them `salvaged` events were taken over at other positions, and `skipped` events could not be, since their streams have a gap.
   */
  LogForked: message('LogForked', {
    repositoryId: text,
    epoch: small,
    fromEpoch: small,
    position: count,
    cause: oneOf('diverged', 'unreadable'),
    objects: listOf(text),
    salvaged: count,
    skipped: count,
  }),
  /** The repository showed less than was remembered of it, and somebody who may took it as it is. `lacks` says in words what it showed less of. */
  RollbackAdopted: message('RollbackAdopted', { repositoryId: text, by: text, lacks: listOf(text) }),
};

export type RepositoryEvent = EventOf<typeof repositoryEvents>;
export type LogImported = ValueOf<typeof repositoryEvents.LogImported>;
export type LogForked = ValueOf<typeof repositoryEvents.LogForked>;
export type RollbackAdopted = ValueOf<typeof repositoryEvents.RollbackAdopted>;
