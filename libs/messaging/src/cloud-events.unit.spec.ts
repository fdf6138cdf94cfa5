import { inContext, newTrace, traceparentOf } from '@dr/telemetry';
import { headers } from '@nats-io/transport-node';
import fc from 'fast-check';
import { decodeHeader, encodeHeader, fromMessage, type ReceivedEvent, toMessage, traceOf, withTrace } from './cloud-events.ts';
import { BadMessage } from './errors.ts';
import { anEvent } from './testing/an-event.ts';

const asReceived = (event: ReceivedEvent) => {
  const { headers: all, data } = toMessage(event);
  return { headers: all, string: () => data };
};

test('an event travels in binary mode: attributes in headers, data alone in the body', () => {
  const { subject, headers: all, data } = toMessage(anEvent(7));
  expect(subject).toBe('dr.events.61636d65.backup.BackupStarted');
  expect(Object.fromEntries([...all].map(([name, values]) => [name, values[0]]))).toEqual({
    'ce-specversion': '1.0',
    'ce-id': 'event-7',
    'ce-source': 'urn:tributary-dr',
    'ce-type': 'dr.BackupStarted.v1',
    'ce-subject': 'backup-b1',
    'ce-time': '2026-01-02T03:04:05.000Z',
    'ce-datacontenttype': 'application/json',
    'ce-tenant': 'acme',
    'ce-position': '7',
    'ce-streamversion': '7',
    'ce-commandid': 'c1',
    'ce-requestid': 'r1',
    'ce-actor': 'key-1',
    'Nats-Msg-Id': 'event-7',
  });
  expect(JSON.parse(data)).toEqual({ n: 7 });
});

test('names of CloudEvents attributes are lower-case letters and digits, as the specification demands', () => {
  const names = [...toMessage(anEvent(1)).headers.keys()].filter((name) => name.startsWith('ce-'));
  for (const name of names) expect(name).toMatch(/^ce-[a-z0-9]{1,20}$/);
});

test('any event comes out as it went in', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1 });
  fc.assert(
    fc.property(text, text, fc.jsonValue(), fc.boolean(), (tenant, actor, value, traced) => {
      const meta = { commandId: 'c', requestId: 'r', actor, tenant, ...(traced ? { traceparent: traceparentOf(newTrace()) } : {}) };
      const event = { ...anEvent(1), data: JSON.parse(JSON.stringify({ value })), meta };
      expect(fromMessage(asReceived(event))).toEqual(event);
    }),
  );
});

test('a tenant cannot break out of its subject', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (tenant) => {
      const event = { ...anEvent(1), meta: { ...anEvent(1).meta, tenant } };
      expect(toMessage(event).subject).toMatch(/^dr\.events\.[0-9a-f]+\.backup\.BackupStarted$/);
    }),
  );
});

test('header values are printable ASCII without space, quote and bare percent, and read back the same', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const encoded = encodeHeader(text);
      expect(encoded).toMatch(/^[\x21\x23-\x7e]*$/);
      expect(decodeHeader(encoded)).toBe(text);
    }),
  );
  expect(decodeHeader('%zz')).toBe('%zz');
});

describe('what is none of ours is refused', () => {
  const spoilt: [string, (all: ReturnType<typeof headers>) => void][] = [
    ['no CloudEvent', (all) => [...all.keys()].forEach((name) => void all.delete(name))],
    ['another version of CloudEvents', (all) => all.set('ce-specversion', '0.3')],
    ["somebody else's type", (all) => all.set('ce-type', 'com.example.thing')],
    ['without a tenant', (all) => all.delete('ce-tenant')],
  ];
  test.each(spoilt)('%s', (_, spoil) => {
    const message = asReceived(anEvent(1));
    spoil(message.headers);
    expect(() => fromMessage(message)).toThrow(BadMessage);
  });
});

test('the trace that we are in goes into headers and comes out of them', () => {
  const trace = { ...newTrace(), tracestate: 'vendor=1' };
  expect(traceOf(inContext({ trace }, () => withTrace(headers())))).toEqual(trace);
  expect(traceOf(withTrace(headers()))).toBeUndefined();
  expect(traceOf(undefined)).toBeUndefined();
});
