import * as z from 'zod';
import { route } from '../http/route.ts';
import { restorePage, restoreResource } from '../resources/restore.ts';
import { byId, cursor, pageSize } from '../resources/scalars.ts';

const listRestoresQuery = z.strictObject({ limit: pageSize, cursor: cursor.optional(), tenant_id: z.string().optional() });

export type ListRestoresQuery = z.infer<typeof listRestoresQuery>;

export const listRestores = route({
  method: 'GET',
  path: '/restores',
  scope: 'restore:run',
  tag: 'Restores',
  summary: 'Restores, newest first',
  query: listRestoresQuery,
  replies: { 200: { description: 'A page of restores.', schema: restorePage } },
  problems: { 404: 'There is no such tenant that this key may see.' },
});

export const getRestore = route({
  method: 'GET',
  path: '/restores/{id}',
  scope: 'restore:run',
  tag: 'Restores',
  summary: 'One restore',
  params: byId,
  replies: { 200: { description: 'The restore.', schema: restoreResource } },
  problems: { 404: 'There is no such restore that this key may see.' },
});
