import * as z from 'zod';
import { route } from '../http/route.ts';
import { backupResource } from '../resources/backup.ts';
import { byId } from '../resources/scalars.ts';
import { waitQuery } from '../wait-for-end/wait-for-end.ts';

/** The reason is for the audit trail: its words lie in an erasable row. */
const cancelBackupBody = z.strictObject({ reason: z.string().max(4096).optional() }).prefault({});

export type CancelBackupBody = z.infer<typeof cancelBackupBody>;

export const cancelBackup = route({
  method: 'POST',
  path: '/backups/{id}/cancel',
  scope: 'backup:create',
  tag: 'Backups',
  summary: 'Cancel a backup that waits or runs',
  description: 'The backup ends as `cancelled` unless it was sealed first; then it is `completed` or `partial`, and stays.',
  params: byId,
  query: waitQuery,
  body: cancelBackupBody,
  replies: {
    200: { description: 'With `wait`: the backup has ended.', schema: backupResource },
    202: {
      description: 'The wish is recorded; follow the backup under Location.',
      schema: backupResource,
      headers: { Location: 'Where the backup is to be read.' },
    },
  },
  problems: { 404: 'There is no such backup that this key may see.', 409: 'The backup has ended already.' },
});
