import * as z from 'zod';
import { route } from '../http/route.ts';
import { BACKUP_STATUSES, BACKUP_TYPES, backupPage, backupResource } from '../resources/backup.ts';
import { byId, cursor, moment, pageSize } from '../resources/scalars.ts';

/** CONTRACT section 2, GET /backups. Query values are text; numbers and times are read from it. */
export const listBackupsQuery = z.strictObject({
  limit: pageSize,
  cursor: cursor.optional(),
  type: z.enum(BACKUP_TYPES).optional(),
  status: z.enum(BACKUP_STATUSES).optional(),
  dataset_id: z.string().optional(),
  tenant_id: z.string().optional(),
  since: moment.optional(),
  until: moment.optional(),
});

export type ListBackupsQuery = z.infer<typeof listBackupsQuery>;

export const listBackups = route({
  method: 'GET',
  path: '/backups',
  scope: 'backup:read',
  tag: 'Backups',
  summary: 'Backups, newest first',
  query: listBackupsQuery,
  replies: { 200: { description: 'A page of backups.', schema: backupPage } },
  problems: { 404: 'There is no such tenant that this key may see.' },
});

export const getBackup = route({
  method: 'GET',
  path: '/backups/{id}',
  scope: 'backup:read',
  tag: 'Backups',
  summary: 'One backup',
  params: byId,
  replies: { 200: { description: 'The backup.', schema: backupResource } },
  problems: { 404: 'There is no such backup that this key may see.' },
});
