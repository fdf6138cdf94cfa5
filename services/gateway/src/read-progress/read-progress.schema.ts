import * as z from 'zod';
import { route } from '../http/route.ts';
import { byId, timeOrNull } from '../resources/scalars.ts';

const count = z.int().min(0);

const progressResource = z
  .strictObject({
    operation_id: z.string(),
    kind: z.enum(['backup', 'restore', 'verification']),
    status: z.string().describe('Of the backup, restore or verification.'),
    ended: z.boolean(),
    datasets_total: count.nullable(),
    datasets_done: count.nullable(),
    objects_done: count,
    objects_total: count.nullable().describe('null while it is not known yet.'),
    bytes_done: count,
    bytes_total: count.nullable(),
    bytes_per_second: count.nullable().describe('Over the last ten seconds.'),
    eta_seconds: count.nullable(),
    updated_at: timeOrNull.describe('When a worker last told how far it is.'),
  })
  .meta({ id: 'Progress' });

export type OperationProgress = z.infer<typeof progressResource>;

export const readProgress = route({
  method: 'GET',
  path: '/operations/{id}/progress',
  scope: 'backup:read',
  tag: 'Operation',
  summary: 'How far a backup, restore or verification is',
  description:
    'JSON, or with `Accept: text/event-stream` a stream: an event `progress` whenever something moved, at most twice a second, and an event ' +
    '`end` at the end. Counts of bytes come from the workers as they go and are not kept: after a restart they are 0 until a worker tells again.',
  params: byId,
  headers: z.strictObject({ Accept: z.string().optional() }),
  replies: { 200: { description: 'How far it is now.', schema: progressResource, alsoAsStream: true } },
  problems: { 404: 'There is no such operation that this key may see.' },
});
