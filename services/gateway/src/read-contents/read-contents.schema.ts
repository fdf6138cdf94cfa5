import * as z from 'zod';
import { route } from '../http/route.ts';
import { byId, nextCursor, time } from '../resources/scalars.ts';

/** A path may have 4096 bytes, and more as JSON in base64. */
const CURSOR_MAX = 12_000;

const contentsQuery = z.strictObject({
  dataset_id: z.string().optional(),
  system_state: z.string().min(1).optional().describe('The item of this name, instead of data sets. For admins of all tenants.'),
  path: z.string().optional().describe('One path below the data set, and everything below it.'),
  cursor: z.string().min(1).max(CURSOR_MAX).optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
});

export type ContentsQuery = z.infer<typeof contentsQuery>;

const contentEntry = z
  .strictObject({
    dataset_id: z.string(),
    path: z.string().describe('Below the data set.'),
    kind: z.enum(['file', 'symlink']),
    size: z.int(),
    digest: z.string().nullable().describe('SHA-256 of the bytes; null of a link, and of what is only pinned.'),
    modified_at: time,
    link_target: z.string().optional(),
    pinned: z.literal(true).optional().describe('A snapshot only pins it by identity; the repository does not hold its bytes.'),
  })
  .meta({ id: 'ContentEntry' });

export const readContents = route({
  method: 'GET',
  path: '/backups/{id}/contents',
  scope: 'backup:read',
  tag: 'Backups',
  summary: 'The files of a sealed backup, with sizes and digests',
  description:
    'Read from the repository itself. A page may hold fewer than `limit` files; only `next_cursor` tells whether there are more.',
  params: byId,
  query: contentsQuery,
  replies: {
    200: {
      description: 'A page of files, in the order of the data sets and of the paths.',
      schema: z.strictObject({ backup_id: z.string(), files: z.array(contentEntry), next_cursor: nextCursor }),
    },
  },
  problems: {
    404: 'There is no such backup that this key may see, or nothing in it under that data set and path.',
    409: 'Only a sealed backup has contents.',
  },
});
