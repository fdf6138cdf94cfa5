import { EVENT_TYPES } from '@dr/domain';
import * as z from 'zod';
import { route } from '../http/route.ts';

const eventId = z.uuid();

/** `BackupSealed`, or as CloudEvents name it: `dr.BackupSealed.v1`. */
const typeName = z
  .string()
  .transform((name) => /^dr\.(\w+)\.v\d+$/.exec(name)?.[1] ?? name)
  .pipe(z.enum(EVENT_TYPES as [string, ...string[]]));

const readEventsQuery = z.strictObject({
  after: z
    .union([eventId, z.literal('0')])
    .optional()
    .describe('The id of the last event that was seen; 0: from the beginning; absent: from now on.'),
  types: z
    .string()
    .transform((list) => list.split(','))
    .pipe(z.array(typeName).min(1))
    .optional()
    .describe('Types of events, separated by commas.'),
  tenant_id: z.string().optional(),
});

export type ReadEventsQuery = z.infer<typeof readEventsQuery>;

export const readEvents = route({
  method: 'GET',
  path: '/events',
  scope: 'backup:read',
  tag: 'Events',
  summary: 'What happens, as it happens',
  description:
    'Server-sent events, each a CloudEvent of the caller’s tenant, replayed from the log without gap or repeat: a client that was cut off ' +
    'sends the last id it saw; the first message has no data, but the id from which the stream goes on, if there is one. The stream ends when its key is revoked or expires. Events of API keys need the scope admin.',
  query: readEventsQuery,
  headers: z.strictObject({ 'Last-Event-ID': eventId.optional().describe('As `after`, and wins over it.') }),
  replies: { 200: { description: 'The stream.', contentType: 'text/event-stream' } },
  problems: { 404: 'There is no such tenant or event that this key may see.' },
});
