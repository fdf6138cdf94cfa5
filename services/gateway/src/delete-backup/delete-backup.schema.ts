import * as z from 'zod';
import { route } from '../http/route.ts';
import { backupResource } from '../resources/backup.ts';
import { byId } from '../resources/scalars.ts';

const deleteQuery = z.strictObject({
  force: z
    .enum(['true', 'false', '1', '0'])
    .default('false')
    .describe('Although it is the last verified good copy of a data set; needs the scope admin.'),
});

export type DeleteQuery = z.infer<typeof deleteQuery>;

const accepted = (description: string) => ({
  202: { description, schema: backupResource, headers: { Location: 'Where the backup is to be read.' } },
});

export const deleteBackup = route({
  method: 'DELETE',
  path: '/backups/{id}',
  scope: 'backup:delete',
  tag: 'Backups',
  summary: 'Delete a backup',
  description: 'It is `deleting`, then `deleted` with `purge_after`. Until then its bytes stay and it can be undeleted.',
  params: byId,
  query: deleteQuery,
  replies: accepted('The wish is recorded.'),
  problems: {
    404: 'There is no such backup that this key may see.',
    409: 'The backup runs, is held, or is the last verified good copy of a data set.',
  },
});

export const undeleteBackup = route({
  method: 'POST',
  path: '/backups/{id}/undelete',
  scope: 'backup:delete',
  tag: 'Backups',
  summary: 'Take a deletion back',
  params: byId,
  replies: accepted('The backup is what it was before.'),
  problems: { 404: 'There is no such backup that this key may see.', 409: 'The backup was not deleted.' },
});
