import { HttpProblem } from '../http/problem.ts';

/** A repeat cannot get the first reply, since that held a secret that is kept nowhere. */
export const secretShownOnce = (keyId: string): HttpProblem =>
  new HttpProblem(
    409,
    'idempotency.secret_shown_once',
    `The first request with this Idempotency-Key made ${keyId}; its secret was in that reply alone. If it is lost, revoke ${keyId} and make another.`,
  );
