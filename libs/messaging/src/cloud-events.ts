import type { RecordedEvent } from '@dr/domain';
import { currentTrace, parseTraceparent, type TraceContext, traceparentOf } from '@dr/telemetry';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { BadMessage } from './errors.ts';
import { subjectOf } from './subjects.ts';

/** An event as it travels: CloudEvents 1.0 in binary mode. The payload is the event's data as JSON, the rest is in headers. */
export interface EventMessage {
  readonly subject: string;
  readonly headers: MsgHdrs;
  readonly data: string;
}

/** What a subscriber gets of an event. */
export type ReceivedEvent = Omit<RecordedEvent, 'position'> & { readonly position: number };

const SOURCE = 'urn:tributary-dr';
const TYPE = /^dr\.([A-Za-z]+)\.v(\d+)$/;

/** `ce-type`: `dr.BackupSealed.v1`. */
export const cloudEventType = (event: Pick<RecordedEvent, 'type' | 'schemaVersion'>): string => `dr.${event.type}.v${event.schemaVersion}`;

const aggregateOf = (stream: string): string => stream.slice(0, stream.indexOf('-'));

/** The attributes of an event, by their CloudEvents names; all are text, as in headers. */
export function attributesOf(event: RecordedEvent): Record<string, string> {
  const { eventId, stream, version, recordedAt, meta } = event;
  return {
    specversion: '1.0',
    id: eventId,
    source: SOURCE,
    type: cloudEventType(event),
    subject: stream,
    time: recordedAt,
    datacontenttype: 'application/json',
    tenant: meta.tenant,
    streamversion: String(version),
    commandid: meta.commandId,
    requestid: meta.requestId,
    actor: meta.actor,
    ...(meta.traceparent === undefined ? {} : { traceparent: meta.traceparent }),
  };
}

/** An event in CloudEvents' JSON format: attributes and payload in one object. */
export const toCloudEvent = (event: RecordedEvent): Record<string, unknown> => ({ ...attributesOf(event), data: event.data });

/** `Nats-Msg-Id` = `ce-id` = event id, so that publishing it again stores nothing. */
export function toMessage(event: ReceivedEvent): EventMessage {
  const { eventId, stream, position, data, meta } = event;
  const { traceparent: _, ...attributes } = attributesOf(event);
  const all = headers();
  for (const [name, value] of Object.entries({ ...attributes, position: String(position) })) all.set(`ce-${name}`, encodeHeader(value));
  all.set('Nats-Msg-Id', eventId);
  if (meta.traceparent !== undefined) all.set('traceparent', meta.traceparent);
  return { subject: subjectOf.event(meta.tenant, aggregateOf(stream), event.type), headers: all, data: JSON.stringify(data) };
}

/** The event of a message. @throws BadMessage when it is not one of ours. */
export function fromMessage(message: { headers?: MsgHdrs; string(): string }): ReceivedEvent {
  const get = (name: string): string => {
    const value = message.headers?.get(`ce-${name}`);
    if (!value) throw new BadMessage(`A message without the CloudEvents attribute ce-${name} is not an event of this house.`);
    return decodeHeader(value);
  };
  const [, type, schemaVersion] = TYPE.exec(get('type')) ?? [];
  if (get('specversion') !== '1.0' || type === undefined) throw new BadMessage(`An event of type ${get('type')} is not of this house.`);
  const traceparent = message.headers?.get('traceparent');
  return {
    eventId: get('id'),
    stream: get('subject'),
    version: Number(get('streamversion')),
    type,
    schemaVersion: Number(schemaVersion),
    data: JSON.parse(message.string()),
    meta: {
      commandId: get('commandid'),
      requestId: get('requestid'),
      actor: get('actor'),
      tenant: get('tenant'),
      ...(traceparent ? { traceparent } : {}),
    },
    recordedAt: get('time'),
    position: Number(get('position')),
  };
}

/** CloudEvents' rule for header values: all but printable ASCII, and space, quote and percent, as percent-encoded UTF-8. */
export const encodeHeader = (text: string): string =>
  text.replaceAll(/[^\x21-\x7e]+|["%]/gu, (part) =>
    [...Buffer.from(part, 'utf8')].map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`).join(''),
  );

export function decodeHeader(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Puts the trace that we are in (or `trace`) into headers. */
export function withTrace(all: MsgHdrs, trace: TraceContext | undefined = currentTrace()): MsgHdrs {
  if (trace !== undefined) all.set('traceparent', traceparentOf(trace));
  if (trace?.tracestate !== undefined) all.set('tracestate', trace.tracestate);
  return all;
}

export const traceOf = (all: MsgHdrs | undefined): TraceContext | undefined =>
  parseTraceparent(all?.get('traceparent') || undefined, all?.get('tracestate') || undefined);
