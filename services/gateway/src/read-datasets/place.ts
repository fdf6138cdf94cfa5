import { HttpProblem } from '../http/problem.ts';

/** A data set's place in a list that is in byte order of tenant and id. */
export interface DatasetPlace {
  tenant_id: string;
  dataset_id: string;
}

const bytes = (text: string) => Buffer.from(text, 'utf8');

export const comparePlaces = (a: DatasetPlace, b: DatasetPlace): number =>
  Buffer.compare(bytes(a.tenant_id), bytes(b.tenant_id)) || Buffer.compare(bytes(a.dataset_id), bytes(b.dataset_id));

export const cursorOf = ({ tenant_id, dataset_id }: DatasetPlace): string =>
  Buffer.from(JSON.stringify([tenant_id, dataset_id])).toString('base64url');

/** @throws HttpProblem 400 for what no list gave. */
export function placeOf(cursor: string): DatasetPlace {
  try {
    const [tenant_id, dataset_id] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    const isGood = [tenant_id, dataset_id].every((part) => typeof part === 'string' && !part.includes('\0') && part.isWellFormed());
    if (isGood) return { tenant_id, dataset_id } as DatasetPlace;
  } catch {
    // falls through to the one error
  }
  throw new HttpProblem(400, 'request.bad_cursor', 'The cursor is not one that this list gave. Start again without one.');
}
