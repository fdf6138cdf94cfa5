import { setTimeout as pause } from 'node:timers/promises';
import { ApiProblem, GatewayUnreachable, Interrupted, LostSight } from '../errors.ts';
import type { Out } from '../output/out.ts';

const ENDED = ['completed', 'partial', 'failed', 'cancelled', 'deleted', 'passed', 'error'];

/** Asking starts quickly and slows down to this, and further while nobody answers. */
const PAUSE_MS = { first: 100, max: 2_000, away: 10_000 };

/** How long nobody may answer (a restart, a database that recovers, a new version) before waiting is given up. */
const AWAY_MINUTES_MAX = 10;
const SAY_AGAIN_MS = 60_000;

export interface Waiting<T> {
  /** What is waited for: the id of a backup, a restore, a verification. */
  id: string;
  ask: () => Promise<T>;
  show?: (state: T) => void | Promise<void>;
  /** Default: every end state. */
  isEnd?: (state: T) => boolean;
  signal: AbortSignal;
  out: Out;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** Asks until the operation has ended. A gateway or a database that is away for a while does not end the waiting. @throws Interrupted, LostSight; ApiProblem below 500. */
export async function untilEnded<T extends { status: string }>(waiting: Waiting<T>): Promise<T> {
  const { ask, show, isEnd = ({ status }) => ENDED.includes(status), signal } = waiting;
  const absence = new Absence(waiting);
  for (let wait = PAUSE_MS.first; ; wait = Math.min(absence.is ? PAUSE_MS.away : PAUSE_MS.max, wait * 1.3)) {
    try {
      const state = await ask();
      absence.end();
      await show?.(state);
      if (isEnd(state)) return state;
    } catch (error) {
      if (!isAway(error)) throw error;
      absence.goesOn(error);
    }
    await pause(wait, undefined, { signal }).catch(() => {
      throw new Interrupted();
    });
  }
}

/** A time without answers: said when it begins and every minute, and given up in the end. */
class Absence {
  readonly #waiting: Pick<Waiting<unknown>, 'id' | 'out' | 'now'>;
  #since: number | undefined;
  #saidAt = 0;

  constructor(waiting: Pick<Waiting<unknown>, 'id' | 'out' | 'now'>) {
    this.#waiting = waiting;
  }

  get is(): boolean {
    return this.#since !== undefined;
  }

  /** @throws LostSight. */
  goesOn(error: Error): void {
    const { id, now } = this.#waiting;
    const at = now();
    const since = this.#since ?? at;
    if (at - since > AWAY_MINUTES_MAX * 60_000) throw new LostSight(id, AWAY_MINUTES_MAX, error);
    if (this.#since === undefined) this.#say(`${error.message.split('\n')[0]} Waiting for an answer; ${id} goes on by itself.`, at);
    else if (at - this.#saidAt >= SAY_AGAIN_MS) this.#say(`No answer for ${Math.round((at - since) / 60_000)} min; still waiting.`, at);
    this.#since = since;
  }

  end(): void {
    if (this.#since !== undefined) this.#waiting.out.say('There is an answer again.');
    this.#since = undefined;
  }

  #say(words: string, at: number): void {
    this.#waiting.out.say(words);
    this.#saidAt = at;
  }
}

/** Not there, or there without what it needs: a database that recovers shows as an answer from 500 on. 501 is an answer for good. */
const isAway = (error: unknown): error is Error =>
  error instanceof GatewayUnreachable || (error instanceof ApiProblem && error.status >= 500 && error.status !== 501);
