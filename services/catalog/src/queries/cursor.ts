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

/** @throws BadCursor */
export function decodeCursor(cursor: string): ListPlace {
  try {
    const [at, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    if (typeof at === 'string' && typeof id === 'string' && !Number.isNaN(Date.parse(at))) return { at, id };
  } catch {
    // falls through to the one error
  }
  throw new BadCursor();
}
