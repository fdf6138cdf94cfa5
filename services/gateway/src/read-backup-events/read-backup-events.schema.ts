import * as z from 'zod';
import { route } from '../http/route.ts';
import { byId, nextCursor, pageSize } from '../resources/scalars.ts';

const eventsQuery = z.strictObject({
  limit: pageSize,
  cursor: z.uuid().optional().describe('Id of the last event that was seen.'),
});

export type BackupEventsQuery = z.infer<typeof eventsQuery>;

const cloudEvent = z
  .looseObject({
    specversion: z.literal('1.0'),
    id: z.string(),
    source: z.string(),
    type: z.string().describe('Such as `dr.BackupSealed.v1`.'),
    subject: z.string(),
    time: z.string(),
    data: z.looseObject({}),
  })
  .meta({ id: 'CloudEvent' });

export const readBackupEvents = route({
  method: 'GET',
  path: '/backups/{id}/events',
  scope: 'backup:read',
  tag: 'Backups',
  summary: 'What happened to a backup',
  description: 'Its own events and those of its data sets, in the order of the log, as CloudEvents. A page may hold fewer than `limit`.',
  params: byId,
  query: eventsQuery,
  replies: {
    200: {
      description: 'A page of events.',
      schema: z.strictObject({ backup_id: z.string(), events: z.array(cloudEvent), next_cursor: nextCursor }),
    },
  },
  problems: { 404: 'There is no such backup that this key may see.' },
});
