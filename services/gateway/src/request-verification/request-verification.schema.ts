import * as z from 'zod';

/** CONTRACT section 2, POST /backups/{id}/verify. */
export const requestVerificationBody = z
  .strictObject({
    level: z.enum(['quick', 'full']).default('full'),
    sample_percent: z.number().gt(0).max(100).optional(),
  })
  .prefault({});

export type RequestVerificationBody = z.infer<typeof requestVerificationBody>;
