import * as z from 'zod';
import { route } from '../http/route.ts';
import { idempotencyHeaders } from '../idempotency/idempotent-requests.ts';
import { byId } from '../resources/scalars.ts';
import { verificationResource } from '../resources/verification.ts';
import { waitQuery } from '../wait-for-end/wait-for-end.ts';

/** CONTRACT section 2, POST /backups/{id}/verify. */
export const requestVerificationBody = z
  .strictObject({
    level: z.enum(['quick', 'full']).default('full'),
    sample_percent: z.number().gt(0).max(100).optional(),
  })
  .prefault({});

export type RequestVerificationBody = z.infer<typeof requestVerificationBody>;

export const requestVerification = route({
  method: 'POST',
  path: '/backups/{id}/verify',
  scope: 'verify:run',
  tag: 'Verifications',
  summary: 'Verify a backup',
  params: byId,
  query: waitQuery,
  headers: idempotencyHeaders,
  body: requestVerificationBody,
  replies: {
    200: { description: 'With `wait`: the verification has ended.', schema: verificationResource },
    202: {
      description: 'Accepted; follow it under Location.',
      schema: verificationResource,
      headers: { Location: 'Where the verification is to be read.' },
    },
  },
  problems: {
    404: 'There is no such backup that this key may see.',
    409: 'Only a sealed backup can be verified.',
    501: 'Sampling is not built in this version.',
  },
});

export const getVerification = route({
  method: 'GET',
  path: '/verifications/{id}',
  scope: 'verify:run',
  tag: 'Verifications',
  summary: 'One verification',
  params: byId,
  replies: { 200: { description: 'The verification.', schema: verificationResource } },
  problems: { 404: 'There is no such verification that this key may see.' },
});
