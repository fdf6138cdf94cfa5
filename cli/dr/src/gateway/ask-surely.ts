import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Context } from '../context.ts';
import { ApiProblem, GatewayUnreachable, Interrupted } from '../errors.ts';

/**
 * How long a request is repeated. A gateway that is not there may be starting again, which takes seconds; once a request has reached one, its
 * reply is worth more patience: whoever asked does not know whether there is a backup.
 */
const PATIENCE_MS = { unreachable: 15_000, lost: 120_000, busy: 300_000 };

const PAUSE_MS = { first: 250, max: 5_000 };

export interface SureRequest {
  path: string;
  body?: object;
  query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** In words, for what is said meanwhile: 'the backup'. */
  what: string;
}

/**
 * POSTs until there is an answer. All tries carry one Idempotency-Key, so that a request whose reply was lost is answered again, not done again.
 * Waits where the gateway says so (429). What is waited for is said on stderr, once. @throws ApiProblem, GatewayUnreachable, Interrupted.
 */
export async function postSurely<T>({ path, body, query, what }: SureRequest, { api, signal, machine, out }: Context): Promise<T> {
  const client = await api();
  const headers = { 'idempotency-key': randomUUID() };
  const began = machine.now();
  for (let wait = PAUSE_MS.first, said = false, patience = 0; ; wait = Math.min(PAUSE_MS.max, wait * 2)) {
    try {
      return await client.call<T>('POST', path, { body: body ?? {}, query, headers });
    } catch (error) {
      if (error instanceof Interrupted) throw unanswered(what);
      const again = repeat(error, wait);
      patience = Math.max(patience, again?.patience ?? 0);
      if (again === undefined || machine.now() - began + again.ms > patience) throw error;
      if (!said) out.say(`${(error as Error).message.split('\n')[0]} Asking for ${what} again.`);
      said = true;
      await pause(again.ms, undefined, { signal }).catch(() => {
        throw unanswered(what);
      });
    }
  }
}

const unanswered = (what: string): Interrupted =>
  new Interrupted(`Interrupted before the gateway answered; ${what} may have been accepted all the same: look (dr list).`);

/** When to ask again, and until when at most; undefined = this answer is final. */
function repeat(error: unknown, wait: number): { ms: number; patience: number } | undefined {
  if (error instanceof GatewayUnreachable) return { ms: wait, patience: error.sent ? PATIENCE_MS.lost : PATIENCE_MS.unreachable };
  if (!(error instanceof ApiProblem)) return undefined;
  if (error.status === 429) return { ms: Math.max(wait, (error.retryAfter ?? 0) * 1000), patience: PATIENCE_MS.busy };
  const underway = error.status === 409 && error.code === 'idempotency.in_progress';
  return underway || [502, 503, 504].includes(error.status) ? { ms: wait, patience: PATIENCE_MS.lost } : undefined;
}
