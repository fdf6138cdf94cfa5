import * as z from 'zod';
import { route } from '../http/route.ts';

const step = z.strictObject({
  step: z.enum(['open', 'write', 'read', 'delete']),
  ok: z.boolean(),
  milliseconds: z.number().min(0),
  error: z.string().optional(),
});

const backendTest = z
  .strictObject({ name: z.string(), uri: z.string(), ok: z.boolean(), steps: z.array(step) })
  .meta({ id: 'BackendTest' });

const partTest = z
  .strictObject({
    name: z.enum(['passphrase', 'source root', 'log', 'log copy']),
    ok: z.boolean(),
    milliseconds: z.number().min(0),
    detail: z.string().optional(),
    error: z.string().optional(),
  })
  .meta({ id: 'PartTest' });

export const testBackup = route({
  method: 'POST',
  path: '/test-backup',
  scope: 'admin',
  tag: 'Operation',
  summary: 'Write, read back and delete an object on every backend',
  description:
    'The object lies below `test-backup/`, apart from everything that a repository holds. `parts`: whether the passphrase opens the repository, the source root can be read, and the log has been worked off.',
  replies: {
    200: {
      description: 'What each step did and how long it took; `ok` says whether all went well.',
      schema: z.strictObject({ ok: z.boolean(), backends: z.array(backendTest), parts: z.array(partTest) }),
    },
  },
  problems: { 504: 'The archiver did not answer in time.' },
});
