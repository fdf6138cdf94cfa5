import * as z from 'zod';

/** A moment, RFC 3339 in UTC. */
export const time = z.iso.datetime({ offset: true });
export const timeOrNull = time.nullable();

/** As an input: a moment that there is, in the years 1 to 9999, which is what PostgreSQL and our events take; handed on in UTC. */
export const moment = z.iso
  .datetime({ offset: true, abort: true })
  .refine((text) => isMoment(text), 'is not a moment in the years 1 to 9999')
  .transform((text) => new Date(text).toISOString());

function isMoment(text: string): boolean {
  const at = new Date(text);
  return !Number.isNaN(at.getTime()) && /^\d{4}-/.test(at.toISOString()) && at.getUTCFullYear() >= 1;
}

export const datasetFormat = z.enum(['v3', 'v4', 'opaque']);

/** What the id in a path may be. Whether there is such a thing is another question: 404. */
export const idParam = z.string().min(1).max(512);
export const byId = z.strictObject({ id: idParam });

/** As inputs: names go into paths and keys, so their length is bounded. */
export const datasetName = z.string().min(1).max(1024);
export const tenantName = z.string().min(1).max(255);

/** A place in a list, given out by the page before. */
export const cursor = z.string().min(1).max(1024);
export const nextCursor = z.string().nullable().describe('Hand it in as `cursor` for the next page; null: this was the last.');
export const pageSize = z.coerce.number().int().min(1).max(1000).default(50);
