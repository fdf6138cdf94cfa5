import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '@dr/telemetry';
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, errors, type NatsConnection } from '@nats-io/transport-node';
import { BusRefused, BusUnavailable } from './errors.ts';
import { inboxPrefixOf } from './subjects.ts';
import type { Stop } from './triggers.ts';

export interface BusOptions {
  /** One or more server URLs, separated by commas. User and password may stand in them. */
  readonly url: string;
  readonly user?: string;
  readonly pass?: string;
  /** Name of the service: of the connection, of its inbox (permissions rest on it), and of the queue group of its answers. */
  readonly service: string;
  readonly log?: Logger;
  /** How long to try for the first connection. Default 60 s; once connected it reconnects for ever. */
  readonly waitMs?: number;
  /** How long `close` waits for handlers before it closes over them; what they had not acknowledged comes to another. Default 30 s. */
  readonly closeMs?: number;
}

/** What is wrong right now, one line each; nothing = healthy. */
export interface BusHealth {
  readonly ok: boolean;
  readonly problems: readonly string[];
}

/** A connection of one service. Everything else in this package takes it as its first argument. */
export class Bus {
  readonly service: string;
  readonly connection: NatsConnection;
  readonly stream: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly log: Logger | undefined;
  private readonly stops = new Set<Stop>();
  private readonly problems = new Map<string, string>();
  private readonly closeMs: number;
  private closing: Promise<void> | undefined;

  constructor(connection: NatsConnection, manager: JetStreamManager, { service, log, closeMs = 30_000 }: BusOptions) {
    this.service = service;
    this.connection = connection;
    this.manager = manager;
    this.stream = jetstream(connection);
    this.log = log;
    this.closeMs = closeMs;
    void this.watchConnection();
  }

  health(): BusHealth {
    const problems = [...this.problems.values()];
    return { ok: problems.length === 0, problems };
  }

  /** Tells of a lasting problem of a part (`undefined` = it is over). Said once in the log, and in `health()` as long as it lasts. */
  report(part: string, problem: string | undefined): void {
    if (this.problems.get(part) === problem) return;
    if (problem === undefined) this.problems.delete(part);
    else this.problems.set(part, problem);
    if (problem === undefined) this.log?.info({ part }, 'bus: well again');
    else this.log?.warn({ part, problem }, 'bus: unhealthy');
  }

  /** Registers what must end before the connection may: consumers, answers, timers. @returns a `Stop` that also forgets it. */
  owns(stop: Stop): Stop {
    const stopOnce = () => {
      this.stops.delete(stopOnce);
      return stop();
    };
    this.stops.add(stopOnce);
    return stopOnce;
  }

  /** Takes nothing new, waits for the handlers, then drains what was published and closes. Safe to call twice. */
  close(): Promise<void> {
    this.closing ??= this.drain();
    return this.closing;
  }

  private async drain(): Promise<void> {
    const enough = new AbortController();
    const stopped = Promise.allSettled([...this.stops].map((stop) => stop())).then(() => enough.abort());
    await Promise.race([stopped, pause(this.closeMs, undefined, enough).catch(() => undefined)]);
    if (!enough.signal.aborted) this.log?.error({ waited_ms: this.closeMs }, 'bus: closing although handlers are still at work');
    enough.abort();
    if (!this.connection.isClosed()) await this.connection.drain().catch(() => this.connection.close());
  }

  private async watchConnection(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === 'disconnect') this.report('connection', `not connected to NATS at ${status.server}`);
      if (status.type === 'reconnect') this.report('connection', undefined);
      if (status.type === 'error') this.log?.warn({ err: status.error }, 'bus: the server says');
    }
    if (this.closing === undefined) this.report('connection', 'the connection to NATS was closed for good');
  }
}

const RETRY_MS = 500;

/**
 * Connects; waits for a server that is still starting.
 * @throws BusRefused at once when user or password are wrong; BusUnavailable when there is no server within `waitMs`.
 */
export async function connectBus(options: BusOptions): Promise<Bus> {
  const connection = await firstConnection(options);
  return new Bus(connection, await jetstreamManager(connection, { checkAPI: false }), options);
}

async function firstConnection({ url, user, pass, service, log, waitMs = 60_000 }: BusOptions): Promise<NatsConnection> {
  const given = url.split(',').map((server) => server.trim());
  const servers = given.map((server) => server.replace(/^(\w+:\/\/)?.*@/, '$1'));
  const where = servers.join(', ');
  for (let waited = 0; ; waited += RETRY_MS) {
    try {
      return await connect({
        ...credentials(given[0]!, user, pass),
        servers,
        name: service,
        inboxPrefix: inboxPrefixOf(service),
        maxReconnectAttempts: -1,
        reconnectTimeWait: RETRY_MS,
        reconnectJitter: RETRY_MS,
        ignoreAuthErrorAbort: true,
        timeout: 5_000,
      });
    } catch (cause) {
      if (cause instanceof errors.AuthorizationError) {
        throw new BusRefused(
          `NATS at ${where} does not take the user and password of ${service}. Check DR_NATS_USER and DR_NATS_PASSWORD_FILE.`,
          { cause },
        );
      }
      if (waited >= waitMs) {
        throw new BusUnavailable(
          `No NATS server answered at ${where} within ${Math.round(waitMs / 1000)} s. Start it, or correct NATS_URL.`,
          { cause },
        );
      }
      if (waited === 0) log?.info({ server: where }, 'bus: waiting for NATS');
      await pause(RETRY_MS);
    }
  }
}

/** User and password; the client does not read those in a URL. Explicit ones win. */
function credentials(server: string, user: string | undefined, pass: string | undefined): { user?: string; pass?: string } {
  if (user !== undefined) return { user, pass };
  const url = URL.parse(server.includes('://') ? server : `nats://${server}`);
  return url?.username ? { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } : {};
}
