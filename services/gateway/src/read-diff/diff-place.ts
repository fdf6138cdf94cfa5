import { HttpProblem } from '../http/problem.ts';

/** The data set, or the file, that a page showed last. */
export const cursorOf = (last: string): string => Buffer.from(JSON.stringify([last])).toString('base64url');

/** @throws HttpProblem 400 for what no page gave. */
export function behindOf(cursor: string): string {
  try {
    const [last, ...more] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    if (typeof last === 'string' && last !== '' && last.isWellFormed() && more.length === 0) return last;
  } catch {
    // falls through to the one error
  }
  throw new HttpProblem(400, 'request.bad_cursor', 'The cursor is not one that this list gave. Start again without one.');
}
