/** A place in a list that is ordered newest first: the time (ISO 8601, microseconds) and id of the last row that was shown. */
export interface ListPlace {
  at: string;
  id: string;
}

/** The cursor came from somewhere else, or was cut. */
export class BadCursor extends Error {
  readonly code = 'request.bad_cursor';
  readonly status = 400;
  constructor() {
    super('The cursor is not one that this list gave. Start again without one.');
  }
}

export const encodeCursor = ({ at, id }: ListPlace): string => Buffer.from(JSON.stringify([at, id])).toString('base64url');

/** As lists write them; PostgreSQL knows no year 0. */
const isMoment = (at: unknown): at is string =>
  typeof at === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(at) && at > '0001' && !Number.isNaN(Date.parse(at));

const isId = (id: unknown): id is string => typeof id === 'string' && /^[A-Za-z0-9_-]{1,128}$/.test(id);

/** @throws BadCursor */
export function decodeCursor(cursor: string): ListPlace {
  try {
    const [at, id, ...more] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    if (isMoment(at) && isId(id) && more.length === 0) return { at, id };
  } catch {
    // falls through to the one error
  }
  throw new BadCursor();
}
