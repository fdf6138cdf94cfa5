import { setTimeout as pause } from 'node:timers/promises';
import type { Context } from '../context.ts';
import { ApiProblem, GatewayUnreachable, Interrupted } from '../errors.ts';
import type { LogEvent } from '../resources.ts';

export interface EventQuery {
  /** Id of the last event that is known already. */
  after?: string;
  types?: readonly string[];
  tenant?: string;
  /** Go on until Ctrl-C; else end when the log has been told. */
  follow: boolean;
}

/** The log has been told when nothing came for so long. */
const IDLE_MS = 1_500;

/** As `after`: everything that the log has. */
const BEGINNING = '0';

const RECONNECT_MS = 1_000;

/**
 * GET /events as it comes, without gap or repeat over broken connections: each goes on after the last event that was given out.
 * @throws ApiProblem, GatewayUnreachable at the first connection; Interrupted never (Ctrl-C ends it).
 */
export async function* eventStream(query: EventQuery, context: Context): AsyncGenerator<LogEvent> {
  const known = { after: query.after ?? (query.follow ? undefined : BEGINNING), connected: false };
  for (;;) {
    try {
      yield* oneConnection(query, known, context);
      if (!query.follow) return;
    } catch (error) {
      if (error instanceof Interrupted) return;
      if (!known.connected || !isAway(error)) throw error;
      context.out.say(`${(error as Error).message} Connecting again.`);
    }
    await pause(RECONNECT_MS, undefined, { signal: context.signal }).catch(() => undefined);
    if (context.signal.aborted) return;
  }
}

const isAway = (error: unknown): boolean => error instanceof GatewayUnreachable || (error instanceof ApiProblem && error.status >= 500);

async function* oneConnection(
  { types, tenant, follow }: EventQuery,
  known: { after?: string; connected: boolean },
  { api, out }: Context,
): AsyncGenerator<LogEvent> {
  const idle = new AbortController();
  const timer = follow ? undefined : setTimeout(() => idle.abort(), IDLE_MS);
  const client = await api();
  const request = { query: { after: known.after, types: types?.join(','), tenant_id: tenant } };
  const parser = new EventParser();
  try {
    for await (const line of client.lines('/events', request, idle.signal)) {
      known.connected = true;
      timer?.refresh();
      const message = parser.take(line);
      if (message === undefined) continue;
      known.after = message.id ?? known.after;
      if (message.event !== undefined) yield message.event;
      else if (message.isBroken) out.say('The gateway sent something that is no event; it is left out.');
    }
  } catch (error) {
    if (!idle.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
}

interface Message {
  id?: string;
  event?: LogEvent;
  isBroken?: boolean;
}

/** Server-sent events, line by line: an empty line ends a message. */
class EventParser {
  #id: string | undefined;
  #data: string[] = [];

  /** @returns a message when `line` ends one; without `event` when it only tells a place in the log, or when its data is no JSON. */
  take(line: string): Message | undefined {
    if (line === '') return this.#end();
    const [, field, value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === 'id') this.#id = value;
    if (field === 'data') this.#data.push(value);
    return undefined;
  }

  #end(): Message | undefined {
    const data = this.#data.splice(0).join('\n');
    if (data === '') return this.#id === undefined ? undefined : { id: this.#id };
    try {
      return { id: this.#id, event: JSON.parse(data) as LogEvent };
    } catch {
      return { id: this.#id, isBroken: true };
    }
  }
}
