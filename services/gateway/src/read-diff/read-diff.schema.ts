import * as z from 'zod';
import { route } from '../http/route.ts';
import { datasetFormat, datasetName, idParam, nextCursor } from '../resources/scalars.ts';

/** A path may have 4096 bytes, and more as JSON in base64. */
const CURSOR_MAX = 12_000;
const cursor = z.string().min(1).max(CURSOR_MAX).optional();

const twoBackups = z.strictObject({ id: idParam.describe('The earlier backup.'), other: idParam.describe('The later one.') });

const diffQuery = z.strictObject({
  dataset_id: datasetName.optional(),
  cursor,
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});
export type DiffQuery = z.infer<typeof diffQuery>;

const filesQuery = z.strictObject({ dataset_id: datasetName, cursor, limit: z.coerce.number().int().min(1).max(10_000).default(1000) });
export type DiffFilesQuery = z.infer<typeof filesQuery>;

const amount = z.strictObject({ files: z.int(), bytes: z.int() });
const rowChanges = z
  .strictObject({ added: z.int(), updated: z.int(), deleted: z.int() })
  .meta({ id: 'RowChanges', description: 'A row that came and went in between is in none of them.' });

const tensorChange = z.strictObject({
  name: z.string(),
  rows_before: z.int(),
  rows_after: z.int(),
  added: z.int(),
  updated: z.int(),
  deleted: z.int(),
});

const branchChange = z
  .strictObject({
    name: z.string(),
    change: z.enum(['added', 'removed', 'changed', 'renamed']),
    renamed_from: z.string().optional(),
    head_before: z.string().nullable(),
    head_after: z.string().nullable(),
    commits: z.int().describe('Commits that are new in it, merged ones too; of a new branch those since its birth.'),
    undone: z.int().describe('Commits that it had and has not any more: a revert or a reset.'),
    rows: rowChanges.optional(),
    columns: z
      .strictObject({
        added: z.array(z.string()),
        renamed: z.array(z.strictObject({ from: z.string(), to: z.string() })),
        dropped: z.array(z.string()),
      })
      .optional(),
    tensors: z.array(tensorChange).optional().describe('v3: tensors whose rows changed, as the diffs of the commits say.'),
  })
  .meta({ id: 'BranchChange' });

const tagChange = z.strictObject({
  name: z.string(),
  change: z.enum(['added', 'removed', 'moved', 'renamed']),
  renamed_from: z.string().optional(),
  version_before: z.string().nullable(),
  version_after: z.string().nullable(),
});

const datasetChange = z
  .strictObject({
    dataset_id: z.string(),
    change: z
      .enum(['unchanged', 'changed', 'added', 'removed', 'replaced'])
      .describe('replaced: another data set stands under the name, or another format.'),
    format: datasetFormat,
    rows_before: z.int().nullable(),
    rows_after: z.int().nullable(),
    rows: rowChanges.nullable().describe('Of the main branch; null where the format does not tell.'),
    files: z.strictObject({ added: amount, changed: amount, removed: amount }),
    branches: z.array(branchChange),
    tags: z.array(tagChange),
    exact: z.boolean().describe('Row counts are exact; otherwise `notes` say why not.'),
    notes: z.array(z.string()),
  })
  .meta({ id: 'DatasetChange' });

const problems = {
  404: 'There is no such backup that this key may see, or no such data set in them.',
  409: 'Only sealed backups can be compared.',
  422: 'The backups are of different tenants.',
} as const;

export const readDiff = route({
  method: 'GET',
  path: '/backups/{id}/diff/{other}',
  scope: 'backup:read',
  tag: 'Backups',
  summary: 'What became of data sets between two backups',
  description:
    'Rows, columns, branches and tags as Deep Lake’s own logs and version trees tell, and files by the trees of the backups, of which only pages that ' +
    'differ are read. A page may hold fewer than `limit` data sets; only `next_cursor` tells whether there are more.',
  params: twoBackups,
  query: diffQuery,
  replies: {
    200: {
      description: 'A page of data sets in the order of their ids. Those of only one backup are added or removed.',
      schema: z.strictObject({
        before: z.string(),
        after: z.string(),
        tenant_id: z.string(),
        datasets: z.array(datasetChange),
        next_cursor: nextCursor,
      }),
    },
  },
  problems,
});

const fileChange = z
  .strictObject({
    path: z.string(),
    change: z.enum(['added', 'changed', 'removed']),
    bytes_before: z.int().nullable(),
    bytes_after: z.int().nullable(),
  })
  .meta({ id: 'FileChange' });

export const readDiffFiles = route({
  method: 'GET',
  path: '/backups/{id}/diff/{other}/files',
  scope: 'backup:read',
  tag: 'Backups',
  summary: 'The files of a data set that two backups do not have in common',
  params: twoBackups,
  query: filesQuery,
  replies: {
    200: {
      description: 'A page of files in the order of their paths.',
      schema: z.strictObject({
        before: z.string(),
        after: z.string(),
        dataset_id: z.string(),
        files: z.array(fileChange),
        next_cursor: nextCursor,
      }),
    },
  },
  problems,
});
