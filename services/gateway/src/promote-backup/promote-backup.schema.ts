import * as z from 'zod';
import { route } from '../http/route.ts';
import { idempotencyHeaders } from '../idempotency/idempotent-requests.ts';
import { userMetadata } from '../request-backup/request-backup.schema.ts';
import { backupResource } from '../resources/backup.ts';
import { byId, datasetName } from '../resources/scalars.ts';
import { waitQuery } from '../wait-for-end/wait-for-end.ts';

const promoteBackupBody = z
  .strictObject({
    dataset_ids: z.array(datasetName).min(1).max(10_000).optional().describe('Only these data sets of the snapshot.'),
    description: z.string().max(4096).optional(),
    metadata: userMetadata.optional(),
  })
  .prefault({});

export type PromoteBackupBody = z.infer<typeof promoteBackupBody>;

export const promoteBackup = route({
  method: 'POST',
  path: '/backups/{id}/promote',
  scope: 'backup:create',
  tag: 'Backups',
  summary: 'Make a full backup of what a snapshot pins',
  description:
    'A new backup of type full with the state of the snapshot: what that only pins is read from other backups, else from the source where each file is still ' +
    'the very one. What is gone is named, and the new backup is `partial`, or `failed` when nothing is left. The snapshot stays as it is.',
  params: byId,
  query: waitQuery,
  headers: idempotencyHeaders,
  body: promoteBackupBody,
  replies: {
    200: { description: 'With `wait`: the new backup has ended.', schema: backupResource },
    202: {
      description: 'Accepted; follow the new backup under Location.',
      schema: backupResource,
      headers: { Location: 'Where the new backup is to be read.' },
    },
  },
  problems: {
    404: 'There is no such backup that this key may see.',
    409: 'The backup is no snapshot, or it is not sealed.',
    422: 'The snapshot does not hold a data set that was named.',
  },
});
