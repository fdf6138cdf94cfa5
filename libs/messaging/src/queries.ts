import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { childOf, currentTrace, currentWork, inContext, newTrace, type TraceContext } from '@dr/telemetry';
import { errors, headers, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import type { Bus } from './bus.ts';
import { decodeHeader, encodeHeader, traceOf, withTrace } from './cloud-events.ts';
import { AnswerTimeout, BadMessage, BusUnavailable, NoAnswer, RemoteError, TooBusy } from './errors.ts';
import type { Stop } from './triggers.ts';

const ERROR = 'dr-error';
const REQUEST_ID = 'dr-request-id';
const ENCODING = 'dr-encoding';
/** What an answer may unfold to: a backup of 10,000 data sets with findings, many times over. */
const UNFOLDED_BYTES_MAX = 256 * 1024 ** 2;

/** What an error looks like on the wire. */
interface WireError {
  readonly code: string;
  readonly message: string;
  /** Absent: the error says none, and whoever speaks HTTP has the table of codes. */
  readonly status?: number;
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * Asks a service and waits for its answer (JSON both ways; compressed when it would not fit a message). The trace and request id that we are in go along.
 * @throws RemoteError with the other side's code, message and status; NoAnswer when nobody listens there; AnswerTimeout (default 5 s);
 * BusUnavailable when the connection is gone.
 */
export async function query<Answer = unknown>(bus: Bus, subject: string, body: unknown = {}, { timeoutMs = 5_000 } = {}): Promise<Answer> {
  try {
    const options = { timeout: timeoutMs, headers: outgoing(), noMux: false };
    return read<Answer>(subject, await bus.connection.request(subject, JSON.stringify(body), options));
  } catch (cause) {
    throw asBusError(subject, timeoutMs, cause);
  }
}

function outgoing(): MsgHdrs {
  const all = withTrace(headers(), nextStep());
  const { requestId } = currentWork();
  if (requestId !== undefined) all.set(REQUEST_ID, encodeHeader(requestId));
  return all;
}

const nextStep = (): TraceContext => {
  const trace = currentTrace();
  return trace === undefined ? newTrace() : childOf(trace);
};

function read<Answer>(subject: string, reply: Msg): Answer {
  const failed = reply.headers?.has(ERROR);
  const value: unknown = reply.data.length === 0 ? undefined : parse(subject, textOf(subject, reply));
  if (failed) throw new RemoteError(value as WireError);
  return value as Answer;
}

function textOf(subject: string, reply: Msg): string {
  if (!reply.headers?.has(ENCODING)) return reply.string();
  try {
    return zstdDecompressSync(reply.data, { maxOutputLength: UNFOLDED_BYTES_MAX }).toString('utf8');
  } catch (cause) {
    throw new BadMessage(`What came on ${subject} does not decompress.`, { cause });
  }
}

function parse(subject: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BadMessage(`What came on ${subject} is not JSON.`, { cause });
  }
}

function asBusError(subject: string, timeoutMs: number, cause: unknown): unknown {
  const noResponders = cause instanceof errors.NoRespondersError || (cause instanceof errors.RequestError && cause.isNoResponders());
  if (noResponders) return new NoAnswer(`Nobody answers on ${subject}. Is the service running?`, { cause });
  if (cause instanceof errors.TimeoutError) return new AnswerTimeout(`No answer on ${subject} within ${timeoutMs} ms.`, { cause });
  const lost = [errors.ClosedConnectionError, errors.DrainingConnectionError, errors.ConnectionError];
  if (lost.some((type) => cause instanceof type))
    return new BusUnavailable(`${subject} cannot be asked: ${(cause as Error).message}.`, { cause });
  return cause;
}

export interface AnswerOptions {
  /** Questions in hand at once; more are refused with `bus.busy`. Default 256. */
  readonly inHandMax?: number;
}

/**
 * Answers questions on a subject, sharing them with the other instances of this service. What the handler returns is the answer; what it
 * throws goes to the asker if it has a string `code` (with its message, `status` and `details`), and is told as `internal` and logged if not.
 * @returns Stop: takes nothing more and resolves when every question in hand is answered.
 */
export function answer<Body = unknown>(
  bus: Bus,
  subject: string,
  handler: (body: Body) => unknown,
  { inHandMax = 256 }: AnswerOptions = {},
): Stop {
  const inHand = new Set<Promise<void>>();
  const subscription = bus.connection.subscribe(subject, {
    queue: bus.service,
    callback: (error, message) => {
      if (error) return bus.report(subject, `cannot hear questions: ${error.message}`);
      const busy = inHand.size >= inHandMax;
      const reply = replyTo(bus, message, busy ? refuse : (handler as (body: unknown) => unknown));
      inHand.add(reply);
      void reply.finally(() => inHand.delete(reply));
    },
  });
  return bus.owns(async () => {
    if (!bus.connection.isClosed()) await subscription.drain();
    await Promise.all(inHand);
  });
}

function refuse(): never {
  throw new TooBusy('Too many questions are in hand. Ask again shortly.');
}

async function replyTo(bus: Bus, message: Msg, handler: (body: unknown) => unknown): Promise<void> {
  const requestId = message.headers?.get(REQUEST_ID);
  const context = { trace: traceOf(message.headers), ...(requestId ? { requestId: decodeHeader(requestId) } : {}) };
  await inContext(context, async () => {
    try {
      const value = await handler(message.data.length === 0 ? undefined : parse(message.subject, message.string()));
      respond(bus, message, JSON.stringify(value ?? null));
    } catch (error) {
      respondError(bus, message, error);
    }
  });
}

/** What is larger than a message is compressed: a backup with the findings of some damaged data sets takes megabytes of much the same words. */
function respond(bus: Bus, message: Msg, text: string): void {
  const limit = bus.connection.info?.max_payload ?? 1024 ** 2;
  const size = Buffer.byteLength(text);
  if (size <= limit) return void message.respond(text);
  const all = headers();
  all.set(ENCODING, 'zstd');
  const packed = size <= UNFOLDED_BYTES_MAX ? zstdCompressSync(text) : undefined;
  if (packed === undefined || packed.length > limit - HEADERS_BYTES)
    throw new BadMessage(`The answer on ${message.subject} has ${size} bytes, too many even when compressed. Ask for less at once.`);
  message.respond(packed, { headers: all });
}

/** Headers count as part of a message. */
const HEADERS_BYTES = 256;

function respondError(bus: Bus, message: Msg, error: unknown): void {
  const wire = wireError(bus.service, error);
  if ((wire.status ?? 500) >= 500) bus.log?.error({ err: error, subject: message.subject }, 'question failed');
  const all = headers();
  all.set(ERROR, encodeHeader(wire.code));
  try {
    message.respond(JSON.stringify(wire), { headers: all });
  } catch (cause) {
    bus.log?.error({ err: cause, subject: message.subject }, 'question could not be answered');
  }
}

/** Our own errors travel as they are; anything else could tell what is nobody's business. */
function wireError(service: string, error: unknown): WireError {
  const { code, message, status, details } = Object(error) as Partial<WireError>;
  const ours = typeof code === 'string' && /^[a-z_]+(\.[a-z_]+)*$/.test(code);
  if (!ours) return { code: 'internal', message: `The service ${service} failed unexpectedly; its log says more.`, status: 500 };
  return { code, message: message ?? code, ...(typeof status === 'number' ? { status } : {}), ...(details ? { details } : {}) };
}
