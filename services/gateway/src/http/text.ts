import * as z from 'zod';

/** Text as PostgreSQL and JSON can keep it: without NUL, and without halves of surrogate pairs. `max` in UTF-16 units. */
export const cleanText = (max: number) =>
  z
    .string()
    .max(max)
    .refine((text) => !text.includes('\0') && text.isWellFormed(), 'must not hold NUL characters or broken Unicode');
