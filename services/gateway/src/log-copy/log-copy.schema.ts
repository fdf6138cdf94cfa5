import * as z from 'zod';
import { route } from '../http/route.ts';

const rebuildBody = z.strictObject({
  from: z
    .string()
    .min(1)
    .describe('Where the repository is, as BACKUP_PATH or a URI names it. It must be the one that this house runs on.'),
});
export type RebuildBody = z.infer<typeof rebuildBody>;

const copyReport = z.strictObject({
  uri: z.string(),
  repository_id: z.string().nullable(),
  events: z.number().describe('Events of the log.'),
  copied: z.number().describe('How many of them are in the repository.'),
  behind: z.number(),
  behind_ms: z.number().describe('How long the oldest of the others has waited: what a total loss now would cost the audit.'),
  epoch: z.number(),
  unreadable: z.array(z.strictObject({ object: z.string(), from: z.number(), to: z.number().nullable(), reason: z.string() })),
  backups: z.number(),
  recovered: z.number().describe('Backups whose request is lost: recorded from what stands in the repository.'),
  imported: z.number().describe('Events that came back from the repository.'),
  forks: z.number().describe('How often log and copy parted.'),
});

export const rebuildCatalog = route({
  method: 'POST',
  path: '/admin/catalog/rebuild',
  scope: 'admin',
  tag: 'Operation',
  summary: 'Check that everything the repository knows is in this house',
  description:
    'A house that starts on a repository with the log of an earlier one takes it back before it serves. This reads every segment of that log again, checks its hash chain, and tells what is there and what is lost. For keys of all tenants.',
  body: rebuildBody,
  replies: { 200: { description: 'What there is.', schema: copyReport } },
  problems: { 409: 'This house runs on another repository.', 422: 'The key belongs to one tenant.' },
});

export const adoptRollback = route({
  method: 'POST',
  path: '/admin/repository/adopt-rollback',
  scope: 'admin',
  tag: 'Operation',
  summary: 'Accept a repository that shows less than has been seen in it',
  description: 'Until then it is only read. For keys of all tenants.',
  replies: {
    200: { description: 'Accepted.', schema: z.strictObject({ repository_id: z.string(), lacks: z.array(z.string()) }) },
  },
  problems: { 409: 'It lacks nothing.', 422: 'The key belongs to one tenant.' },
});
