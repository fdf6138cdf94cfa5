import { setTimeout as pause } from 'node:timers/promises';
import { inContext, type TraceContext } from '@dr/telemetry';
import type { Consumer, ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { Bus } from './bus.ts';
import { traceOf } from './cloud-events.ts';
import { buryMessage } from './dead-letters.ts';
import { ACK_WAIT_MS, JOBS } from './topology.ts';
import type { Stop } from './triggers.ts';

/** A message in hand. It is prolonged on a timer until it is acknowledged, the handler ends, or says that it `stalled`. */
export interface JobMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  /** 1 = the first time. */
  readonly deliveries: number;
  readonly trace: TraceContext | undefined;
  /** Acknowledges now, and waits until the server knows; the handler may go on and keeps its slot. */
  ack(): Promise<void>;
  /** The work does not move any more: from here on another worker gets the message when its time is up. */
  stalled(): void;
}

export interface ConsumeOptions {
  readonly stream?: string;
  readonly durable: string;
  /** For dead letters and health. */
  readonly kind: string;
  /** Messages in hand at once. Each slot asks for one message, and for the next when it is done. */
  readonly slots: number;
  /** Resolves = done (acknowledged, if it was not yet). Throws = try again later; if it was acknowledged, only the log says so. */
  readonly handler: (message: JobMessage) => Promise<void>;
  /** Failed deliveries after which a message goes to DR_DEAD. Default 10, about 1.5 hours with the default delays. */
  readonly deliveriesMax?: number;
  /** How long a failed message waits. Default 1 s, 5 s, 30 s, 2 min, then 15 min. */
  readonly retryDelayMs?: (deliveries: number) => number;
  /** How often a message in hand is prolonged: a third of the consumer's ack_wait. */
  readonly prolongMs?: number;
  /** How long one request for a message waits at the server. */
  readonly pullMs?: number;
}

const DELAYS_MS = [1_000, 5_000, 30_000, 120_000, 900_000];
export const retryDelay = (deliveries: number): number => DELAYS_MS[Math.min(deliveries, DELAYS_MS.length) - 1] ?? DELAYS_MS[0]!;

const SHORT_PULL_MS = 1_000;

type Settings = Required<ConsumeOptions>;

/**
 * Takes the messages of a durable pull consumer with `slots` loops, until stopped. A lost server or consumer does not end a loop: it says
 * so in `bus.health()` and goes on when it is back.
 * @returns Stop: takes nothing more and resolves when the handlers have ended. What they had not acknowledged comes to another worker.
 */
export function consumeJobs(bus: Bus, options: ConsumeOptions): Stop {
  const settings: Settings = {
    stream: JOBS,
    deliveriesMax: 10,
    retryDelayMs: retryDelay,
    prolongMs: ACK_WAIT_MS / 3,
    pullMs: 30_000,
    ...options,
  };
  const slots = Array.from({ length: settings.slots }, (_, i) => new Slot(bus, settings, `${settings.durable} slot ${i + 1}`));
  return bus.owns(async () => {
    await Promise.all(slots.map((slot) => slot.stop()));
  });
}

/**
 * One loop. It asks for a single message at a time: with more, messages would wait in our memory while their time at the server runs out,
 * and be delivered twice. A request that ends with an error says why, which the endless `consume()` tells in its status only.
 */
class Slot {
  private readonly bus: Bus;
  private readonly settings: Settings;
  private readonly name: string;
  private readonly stopping = new AbortController();
  private readonly ended: Promise<void>;
  private pull: ConsumerMessages | undefined;
  private proven = false;

  constructor(bus: Bus, settings: Settings, name: string) {
    this.bus = bus;
    this.settings = settings;
    this.name = name;
    this.ended = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    void this.pull?.close();
    await this.ended;
    this.bus.report(this.name, undefined);
  }

  private async run(): Promise<void> {
    let consumer: Consumer | undefined;
    while (!this.stopping.signal.aborted) {
      try {
        consumer ??= await this.bus.stream.consumers.get(this.settings.stream, this.settings.durable);
        await this.takeOne(consumer);
        this.proven = true;
        this.bus.report(this.name, undefined);
      } catch (error) {
        consumer = undefined;
        this.proven = false;
        await this.wentWrong(error);
      }
    }
  }

  private async wentWrong(error: unknown): Promise<void> {
    if (this.stopping.signal.aborted) return;
    if (!this.bus.connection.isClosed())
      this.bus.report(this.name, `cannot take messages: ${error instanceof Error ? error.message : error}`);
    await pause(1_000, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }

  /** The first request, and the first after a failure, is short: a missing grant shows only by the server's silence. */
  private async takeOne(consumer: Consumer): Promise<void> {
    this.pull = await consumer.fetch({ max_messages: 1, expires: this.proven ? this.settings.pullMs : SHORT_PULL_MS });
    if (this.stopping.signal.aborted) void this.pull.close();
    for await (const message of this.pull) await handle(this.bus, this.settings, message);
  }
}

async function handle(bus: Bus, settings: Settings, message: JsMsg): Promise<void> {
  const trace = traceOf(message.headers);
  const prolonging = setInterval(() => message.working(), settings.prolongMs);
  let acknowledged = false;
  const ack = async () => {
    clearInterval(prolonging);
    if (!acknowledged) await message.ackAck();
    acknowledged = true;
  };
  const { subject, data } = message;
  const job: JobMessage = { subject, data, deliveries: message.info.deliveryCount, trace, ack, stalled: () => clearInterval(prolonging) };
  try {
    await inContext({ trace }, () => settings.handler(job));
    await ack();
  } catch (error) {
    if (acknowledged) bus.log?.error({ err: error, subject }, 'job failed after its message was acknowledged');
    else await refuse(bus, settings, message, error);
  } finally {
    clearInterval(prolonging);
  }
}

/** Later again, or never again. Whatever fails here only means that the server delivers the message again when its time is up. */
async function refuse(bus: Bus, { deliveriesMax, retryDelayMs, kind }: Settings, message: JsMsg, error: unknown): Promise<void> {
  const deliveries = message.info.deliveryCount;
  const about = { err: error, subject: message.subject, deliveries };
  if (deliveries < deliveriesMax) {
    bus.log?.warn({ ...about, retry_ms: retryDelayMs(deliveries) }, 'job message failed, comes again');
    message.nak(retryDelayMs(deliveries));
    return;
  }
  try {
    await buryMessage(bus, { kind, message, error });
    await message.ackAck();
    bus.log?.error(about, 'job message failed too often, moved to DR_DEAD');
  } catch (cause) {
    bus.log?.error({ err: cause, subject: message.subject }, 'job message cannot be moved to DR_DEAD, comes again');
    message.nak(retryDelayMs(deliveries));
  }
}
