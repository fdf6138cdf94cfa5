import * as z from 'zod';
import { route } from '../http/route.ts';
import { cursor, datasetFormat, nextCursor, pageSize, time, timeOrNull } from '../resources/scalars.ts';

const readDatasetsQuery = z.strictObject({
  tenant_id: z.string().optional(),
  dataset_id: z.string().optional(),
  limit: pageSize,
  cursor: cursor.optional(),
});

export type ReadDatasetsQuery = z.infer<typeof readDatasetsQuery>;

const goodPoint = z.strictObject({ backup_id: z.string(), at: time, verified_at: timeOrNull });

const dataset = z
  .strictObject({
    tenant_id: z.string(),
    dataset_id: z.string(),
    format: datasetFormat,
    present: z.boolean().describe('Whether it lies at the source now.'),
    protected: z.boolean().describe('Whether some backup holds it whole.'),
    last_good: goodPoint.nullable().describe('The newest backup that holds it whole, and the moment it holds.'),
    rpo_age_seconds: z.int().min(0).nullable().describe('What would be lost if the source were gone now.'),
  })
  .meta({ id: 'Dataset' });

const unprotectedPath = z
  .strictObject({
    tenant_id: z.string().nullable(),
    path: z.string().describe('Below the source root.'),
    reason: z.enum(['loose-file', 'symlink', 'special', 'bad-name', 'name-taken', 'unreadable']),
    message: z.string(),
  })
  .meta({ id: 'UnprotectedPath' });

export type Dataset = z.infer<typeof dataset>;
export type UnprotectedPath = z.infer<typeof unprotectedPath>;

export const readDatasets = route({
  method: 'GET',
  path: '/datasets',
  scope: 'backup:read',
  tag: 'Data sets',
  summary: 'What is protected, since when, and what is not',
  description: 'Data sets at the source and those that only backups hold, in byte order of tenant and id.',
  query: readDatasetsQuery,
  replies: {
    200: {
      description: 'A page of data sets. What no data set covers stands on the first page, up to 1000 paths.',
      schema: z.strictObject({
        datasets: z.array(dataset),
        unprotected: z.array(unprotectedPath),
        unprotected_total: z.int().describe('Of all pages.'),
        next_cursor: nextCursor,
      }),
    },
  },
  problems: { 404: 'There is no such tenant or data set that this key may see.' },
});
