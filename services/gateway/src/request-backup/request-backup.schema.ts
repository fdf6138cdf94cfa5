import * as z from 'zod';
import { route } from '../http/route.ts';
import { idempotencyHeaders } from '../idempotency/idempotent-requests.ts';
import { BACKUP_TYPES, backupResource, leftOutResource } from '../resources/backup.ts';
import { datasetName, tenantName } from '../resources/scalars.ts';
import { waitQuery } from '../wait-for-end/wait-for-end.ts';

const METADATA_BYTES_MAX = 16_384;

/** Words of the user, kept in an erasable row: some notes, not data. */
export const userMetadata = z
  .record(z.string(), z.unknown())
  .refine(
    (words) => Buffer.byteLength(JSON.stringify(words)) <= METADATA_BYTES_MAX,
    `must not be larger than ${METADATA_BYTES_MAX} bytes as JSON`,
  );

/** CONTRACT section 2, POST /backups. Unknown fields are refused: a typo such as `dataset_id` must not widen a backup. */
export const requestBackupBody = z.strictObject({
  type: z.enum(BACKUP_TYPES).default('full'),
  dataset_ids: z.array(datasetName).min(1).max(10_000).optional(),
  tenant_id: tenantName.optional(),
  all_tenants: z.boolean().optional(),
  description: z.string().max(4096).optional(),
  metadata: userMetadata.optional(),
});

export type RequestBackupBody = z.infer<typeof requestBackupBody>;

const backupsRequested = z
  .strictObject({ backups: z.array(backupResource), left_out: leftOutResource.nullable() })
  .describe('For `all_tenants`: one backup per tenant. `left_out`: what is of no tenant that has data sets.');

export const requestBackup = route({
  method: 'POST',
  path: '/backups',
  scope: 'backup:create',
  tag: 'Backups',
  summary: 'Begin a backup',
  description: 'Selects the data sets as they are now. A selection of nothing, or a data set that is not there, is an error.',
  query: waitQuery,
  headers: idempotencyHeaders,
  body: requestBackupBody,
  replies: {
    200: { description: 'With `wait`: it has ended.', schema: z.union([backupResource, backupsRequested]) },
    202: {
      description: 'Accepted; follow it under Location.',
      schema: z.union([backupResource, backupsRequested]),
      headers: { Location: 'Where the backup is to be read; not for `all_tenants`.' },
    },
  },
  problems: {
    404: 'There is no such tenant or data set that this key may see.',
    422: 'The selection is empty.',
  },
});
