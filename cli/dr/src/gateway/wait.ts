import { setTimeout as pause } from 'node:timers/promises';
import { ApiProblem, GatewayUnreachable, Interrupted } from '../errors.ts';
import type { Out } from '../output/out.ts';

const ENDED = ['completed', 'partial', 'failed', 'cancelled', 'deleted', 'passed', 'error'];

/** Asking starts quickly and slows down to this. */
const PAUSE_MS = { first: 100, max: 2_000 };

/** How long a gateway may be away (a restart, a new version) before waiting is given up. */
const AWAY_MS_MAX = 120_000;

export interface Waiting<T> {
  ask: () => Promise<T>;
  show: (state: T) => void;
  signal: AbortSignal;
  out: Out;
  /** Milliseconds since 1970. */
  now: () => number;
  pauseMs?: { first: number; max: number };
}

/** Asks until the operation has ended. A gateway that is away for a while does not end the waiting. @throws Interrupted; ApiProblem, GatewayUnreachable. */
export async function untilEnded<T extends { status: string }>({
  ask,
  show,
  signal,
  out,
  now,
  pauseMs = PAUSE_MS,
}: Waiting<T>): Promise<T> {
  let awaySince: number | undefined;
  for (let wait = pauseMs.first; ; wait = Math.min(pauseMs.max, wait * 1.3)) {
    try {
      const state = await ask();
      awaySince = undefined;
      show(state);
      if (ENDED.includes(state.status)) return state;
    } catch (error) {
      if (!isAway(error)) throw error;
      if (awaySince === undefined) out.say(`${(error as Error).message} Waiting for it to come back.`);
      awaySince ??= now();
      if (now() - awaySince > AWAY_MS_MAX) throw error;
    }
    await pause(wait, undefined, { signal }).catch(() => {
      throw new Interrupted();
    });
  }
}

const isAway = (error: unknown): boolean =>
  error instanceof GatewayUnreachable || (error instanceof ApiProblem && [502, 503, 504].includes(error.status));
