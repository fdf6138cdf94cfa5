import * as z from 'zod';
import { route } from '../http/route.ts';

const effectiveValue = z.strictObject({
  value: z.json().describe('Secrets only show that they are set; passwords in URLs are masked.'),
  key: z.string().describe('What was typed to give it, or could be: a variable, a path of the YAML file, a flag.'),
  note: z.string().optional().describe('What does not happen although it is given.'),
  origin: z.enum(['default', 'yaml', 'start', 'environment', 'flag']),
});

export const readConfig = route({
  method: 'GET',
  path: '/config',
  scope: 'admin',
  tag: 'Operation',
  summary: 'The effective configuration, each value with its origin',
  replies: {
    200: {
      description: 'Every setting by its path.',
      schema: z.strictObject({ settings: z.record(z.string(), effectiveValue), warnings: z.array(z.string()) }),
    },
  },
});
