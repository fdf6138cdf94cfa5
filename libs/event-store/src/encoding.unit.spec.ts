import fc from 'fast-check';
import { decodeBody, encodeBody } from './encoding.ts';
import { BodyUnreadable } from './errors.ts';
import type { RecordedEvent } from './event.ts';

const recorded = (data: object): RecordedEvent => ({
  eventId: '0198c0de-0000-7000-8000-000000000001',
  stream: 'backup-1',
  version: 1,
  type: 'T',
  schemaVersion: 1,
  data: data as RecordedEvent['data'],
  meta: { commandId: 'c', tenant: 'acme', requestId: 'r', actor: 'a' },
  recordedAt: '2026-11-23T00:00:00.000Z',
});

test('fields come in the order of RFC 8785, numbers in its form, text in UTF-8, and the position stays out', () => {
  const text = encodeBody({ ...recorded({ b: 1e21, a: 'é', '€': 0.5, A: -0 }), position: 7 }).toString('utf8');
  expect(text).toContain('"data":{"A":0,"a":"é","b":1e+21,"€":0.5}');
  expect(text).not.toContain('position');
});

test('the same event gives the same bytes, in whatever order its fields were set', () => {
  const shuffled = Object.fromEntries(Object.entries(recorded({ a: 1, b: 2 })).reverse()) as unknown as RecordedEvent;
  expect(encodeBody(shuffled)).toEqual(encodeBody(recorded({ b: 2, a: 1 })));
});

test('any JSON comes back as it went in', () => {
  const storable = (value: unknown) => !/\\u0000|\\ud[89a-f]/.test(JSON.stringify(value));
  const json = fc.dictionary(
    fc.string({ unit: 'grapheme' }).filter((k) => k !== '__proto__'),
    fc.jsonValue({ noUnicodeString: false }),
  );
  fc.assert(
    fc.property(json.filter(storable), (data) => {
      expect(JSON.stringify(decodeBody(encodeBody(recorded(data)), 'here').data)).toEqual(
        JSON.stringify(JSON.parse(encodeBody(recorded(data)).toString()).data),
      );
      expect(decodeBody(encodeBody(recorded(data)), 'here').data).toEqual(JSON.parse(JSON.stringify(data)));
    }),
  );
});

test('bytes that are no JSON are named by where they lie', () => {
  expect(() => decodeBody(Buffer.from('{"a'), 'log position 5')).toThrow(BodyUnreadable);
  expect(() => decodeBody(Buffer.from('{"a'), 'log position 5')).toThrow(/log position 5/);
});
