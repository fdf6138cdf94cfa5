import type { ReceivedEvent } from '../cloud-events.ts';

/** The n-th event of a log, all on one stream. */
export const anEvent = (n: number, more: Partial<ReceivedEvent> = {}): ReceivedEvent => ({
  eventId: `event-${n}`,
  stream: 'backup-b1',
  version: n,
  position: n,
  type: 'BackupStarted',
  schemaVersion: 1,
  data: { n },
  meta: { commandId: 'c1', requestId: 'r1', actor: 'key-1', tenant: 'acme' },
  recordedAt: '2026-01-02T03:04:05.000Z',
  ...more,
});
