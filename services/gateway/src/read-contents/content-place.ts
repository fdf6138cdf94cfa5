import { HttpProblem } from '../http/problem.ts';

/** The last file that a page showed: the next one begins behind it, without a look at what is before. */
export interface ContentPlace {
  datasetId: string;
  path: string;
}

export const contentCursorOf = ({ datasetId, path }: ContentPlace): string =>
  Buffer.from(JSON.stringify([datasetId, path])).toString('base64url');

/** @throws HttpProblem 400 for what no page gave. */
export function contentPlaceOf(cursor: string): ContentPlace {
  try {
    const [datasetId, path, ...more] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    const isGood = [datasetId, path].every(
      (part) => typeof part === 'string' && part !== '' && !part.includes('\0') && part.isWellFormed(),
    );
    if (isGood && more.length === 0) return { datasetId, path } as ContentPlace;
  } catch {
    // falls through to the one error
  }
  throw new HttpProblem(400, 'request.bad_cursor', 'The cursor is not one that this list gave. Start again without one.');
}
