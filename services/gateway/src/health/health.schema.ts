import * as z from 'zod';
import { route } from '../http/route.ts';

const readinessReport = z.strictObject({
  status: z.enum(['ok', 'not ready']),
  services: z.array(z.strictObject({ service: z.string(), ok: z.boolean(), problems: z.array(z.string()) })),
});

export const liveness = route({
  method: 'GET',
  path: '/health/live',
  atRoot: true,
  scope: undefined,
  tag: 'Health',
  summary: 'Whether this process runs',
  replies: { 200: { description: 'It does.', schema: z.strictObject({ status: z.literal('ok') }) } },
});

export const readiness = route({
  method: 'GET',
  path: '/health/ready',
  atRoot: true,
  scope: undefined,
  tag: 'Health',
  summary: 'Whether every service can work',
  replies: {
    200: { description: 'All can.', schema: readinessReport },
    503: { description: 'Some cannot; `problems` says why.', schema: readinessReport },
  },
});
