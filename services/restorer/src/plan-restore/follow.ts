import type { LoggedEvent, Queryable } from '@dr/event-store';

/** Options of a decision that follows from an event: its cause's trace and request, our name, and the transaction of the checkpoint. */
export const follow = (cause: LoggedEvent, commandId: string, tx: Queryable) => ({
  commandId,
  meta: { ...cause.meta, actor: 'restorer' },
  tx,
});
