import { HttpProblem } from '../http/problem.ts';

/** It is in the log, but the view does not show it within the time that a caller should wait. Saying it again is safe and changes nothing. */
export const catalogBehind = (what: string, location: string): HttpProblem =>
  new HttpProblem(
    503,
    'catalog.behind',
    `${what}, but the catalog does not show it yet. Ask for it again; if it stays so, GET /health/ready says why.`,
    {
      headers: { 'Retry-After': '5', Location: location },
    },
  );
