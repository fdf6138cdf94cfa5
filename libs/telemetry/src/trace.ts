import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { isSpanContextValid, trace as otel, TraceFlags } from '@opentelemetry/api';

/** Where we are in a trace, as W3C Trace Context names it: 32 and 16 hex digits, and what the caller asked to be passed on. */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
  readonly tracestate?: string;
}

/** What is being done: goes into every log line and every message that is sent meanwhile. */
export interface WorkContext {
  readonly trace?: TraceContext;
  readonly requestId?: string;
  readonly operationId?: string;
}

export const newTrace = (): TraceContext => ({ traceId: hex(16), spanId: hex(8), sampled: true });

/** The next step of the same trace: same trace id, new span id. */
export const childOf = (parent: TraceContext): TraceContext => ({ ...parent, spanId: hex(8) });

/** The header `traceparent` of version 00. */
export const traceparentOf = ({ traceId, spanId, sampled }: TraceContext): string => `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * Reads `traceparent`. Anything malformed is undefined (start a new trace then), as the W3C text demands: all zeros, version ff,
 * version 00 with something behind it. Later versions are read as far as 00 goes.
 */
export function parseTraceparent(text: string | undefined, tracestate?: string): TraceContext | undefined {
  const [, version, traceId, spanId, flags, rest] = TRACEPARENT.exec(text ?? '') ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId!) || /^0+$/.test(spanId!)) return undefined;
  const sampled = (Number.parseInt(flags!, 16) & 1) === 1;
  return { traceId: traceId!, spanId: spanId!, sampled, ...(tracestate && tracestate.length <= 512 ? { tracestate } : {}) };
}

const work = new AsyncLocalStorage<WorkContext>();

/** Runs `action` as part of `context`; what is not given stays as it was around it. */
export const inContext = <T>(context: WorkContext, action: () => T): T => work.run({ ...work.getStore(), ...context }, action);

export const currentWork = (): WorkContext => work.getStore() ?? {};

/** The trace we are in: an OpenTelemetry span when an SDK is loaded and has one, else ours. */
export function currentTrace(): TraceContext | undefined {
  const span = otel.getActiveSpan()?.spanContext();
  if (span === undefined || !isSpanContextValid(span)) return work.getStore()?.trace;
  const tracestate = span.traceState?.serialize();
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    sampled: (span.traceFlags & TraceFlags.SAMPLED) !== 0,
    ...(tracestate ? { tracestate } : {}),
  };
}

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');
