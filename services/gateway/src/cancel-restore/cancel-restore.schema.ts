import * as z from 'zod';
import { route } from '../http/route.ts';
import { restoreResource } from '../resources/restore.ts';
import { byId } from '../resources/scalars.ts';

export const cancelRestore = route({
  method: 'POST',
  path: '/restores/{id}/cancel',
  scope: 'restore:run',
  tag: 'Restores',
  summary: 'Cancel a restore before its data sets take their places',
  description: 'What was staged is removed and every target stays as it is. From `swapping` on a restore is finished, not cancelled.',
  params: byId,
  body: z.strictObject({}).prefault({}),
  replies: {
    202: {
      description: 'The wish is recorded; follow the restore under Location.',
      schema: restoreResource,
      headers: { Location: 'Where the restore is to be read.' },
    },
  },
  problems: {
    404: 'There is no such restore that this key may see.',
    409: 'The restore has ended, or its data sets are taking their places.',
  },
});
