import * as z from 'zod';

/** RFC 9457, the shape of every reply from 400 on. */
export const problemResource = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
    instance: z.string(),
    code: z.string().describe('Stable; for programs.'),
    request_id: z.string().describe('Also in X-Request-Id; the log has it.'),
    errors: z
      .array(z.strictObject({ in: z.enum(['path', 'query', 'body']).optional(), pointer: z.string(), message: z.string() }))
      .optional()
      .describe('For bad input: each field that is wrong, by JSON pointer.'),
  })
  .meta({ id: 'Problem' });
