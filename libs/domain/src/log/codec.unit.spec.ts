import fc from 'fast-check';
import { message, optional } from '../schema/composites.ts';
import { small, text } from '../schema/scalars.ts';
import type { ValueOf } from '../schema/shape.ts';
import { anyEvent } from '../testing/arbitrary-event.ts';
import { codeThrownBy } from '../testing/given.ts';
import { backupRequested, sealed } from '../testing/samples.ts';
import { decodeEvent, encodeEvent, eventCodec } from './codec.ts';
import { type DomainEvent, type EventType, eventTables } from './event-types.ts';
import { schemaVersionOf } from './schema-versions.ts';

const TYPES = Object.keys(eventTables) as EventType[];

describe('what is stored', () => {
  test.each(TYPES)('of any %s is read back the same', (type) =>
    fc.assert(
      fc.property(anyEvent([type]), (event) => {
        const stored = encodeEvent(event);
        expect(stored).toMatchObject({ type, schemaVersion: schemaVersionOf(type) });
        expect(decodeEvent(type, stored.schemaVersion, JSON.parse(JSON.stringify(stored.data)))).toEqual(event);
      }),
      { numRuns: 50 },
    ),
  );

  test('64-bit numbers are decimal strings, exact to the last digit', () => {
    const event = sealed('completed', 1) as Extract<DomainEvent, { type: 'BackupSealed' }>;
    const stored = encodeEvent({ ...event, data: { ...event.data, bytes: Number.MAX_SAFE_INTEGER } });
    expect(stored.data['bytes']).toBe('9007199254740991');
    expect(stored.data['expected']).toBe(1);
  });

  test('an absent field is not there, undefined or not', () => {
    const event = backupRequested() as Extract<DomainEvent, { type: 'BackupRequested' }>;
    const { data } = encodeEvent({ ...event, data: { ...event.data, parentId: undefined } });
    expect(Object.hasOwn(data, 'parentId')).toBe(false);
  });
});

describe('what is refused before it is stored', () => {
  const event = backupRequested();
  test.each<[string, object]>([
    ['a missing field', { tenant: undefined }],
    ['a field of no event', { datasetId: 'articles' }],
    ['a word that is none', { backupType: 'fulll' }],
    ['a wrong type deep inside', { datasets: [{ n: '1', datasetId: 'a', format: 'v4', path: 'a' }] }],
  ])('%s', (_, wrong) => {
    const broken = { ...event, data: { ...event.data, ...wrong } } as DomainEvent;
    expect(codeThrownBy(() => encodeEvent(broken))).toBe('event.unencodable');
  });
  test.each([-1, 0.5, 2 ** 53, Number.NaN])('%d as a number of bytes', (bytes) => {
    const broken = { ...sealed('completed', 1), data: { ...sealed('completed', 1).data, bytes } } as DomainEvent;
    expect(codeThrownBy(() => encodeEvent(broken))).toBe('event.unencodable');
  });
  test('an event of no type', () =>
    expect(codeThrownBy(() => encodeEvent({ type: 'toString', data: {} } as never))).toBe('event.unknown_type'));
});

describe('what cannot be read', () => {
  const good = encodeEvent(sealed('partial', 2, [{ datasetId: 'a', cause: 'torn' }])).data;
  test.each<[string, unknown, string]>([
    ['no object', 'text', 'the payload must be an object'],
    ['null', null, 'the payload must be an object'],
    ['a list', [], 'the payload must be an object'],
    ['a field left out', { ...good, checksum: undefined }, 'checksum must be a string'],
    ['a field too many', { ...good, extra: 1 }, 'extra is not a field of BackupSealed'],
    ['a number for a decimal string', { ...good, bytes: 9_000 }, 'bytes must be a decimal string'],
    ['a decimal string beyond 2^53', { ...good, bytes: '9007199254740992' }, 'bytes must be a decimal string'],
    ['a decimal string with a zero in front', { ...good, bytes: '09' }, 'bytes must be a decimal string'],
    ['a negative count', { ...good, expected: -1 }, 'expected must be an integer'],
    ['a time without a zone', { ...good, committedAt: '2026-03-01T12:00:00' }, 'committedAt must be a time'],
    ['a time that is none', { ...good, committedAt: '2026-13-01T12:00:00Z' }, 'committedAt must be a time'],
    ['a list that is none', { ...good, missing: {} }, 'missing must be a list'],
    ['null for an item', { ...good, missing: [null] }, 'missing[0] must be an object'],
    ['a wrong word', { ...good, outcome: 'failed' }, 'outcome must be one of completed, partial'],
    ['a wrong type deep inside', { ...good, missing: [{ datasetId: 'a', cause: 7 }] }, 'missing[0].cause must be a string'],
  ])('%s, named to its place', (_, data, problem) => {
    expect(() => decodeEvent('BackupSealed', 1, data)).toThrow(problem);
    expect(codeThrownBy(() => decodeEvent('BackupSealed', 1, data))).toBe('event.malformed');
  });
  test('a type of a newer house', () => {
    expect(codeThrownBy(() => decodeEvent('BackupSold', 1, {}))).toBe('event.unknown_type');
    expect(codeThrownBy(() => decodeEvent('constructor', 1, {}))).toBe('event.unknown_type');
  });
  test('a schema version of a newer house', () => expect(codeThrownBy(() => decodeEvent('BackupStarted', 2, {}))).toBe('event.too_new'));
  test.each([0, -1, 1.5, Number.NaN])('schema version %d', (version) =>
    expect(codeThrownBy(() => decodeEvent('BackupStarted', version, {}))).toBe('event.malformed'),
  );
});

describe('an event type that changed twice', () => {
  const CupFilled = message('CupFilled', { millilitres: small, drink: text, sugar: optional(small) });
  type CupFilled = { readonly type: 'CupFilled'; readonly data: ValueOf<typeof CupFilled> };
  const codec = eventCodec<CupFilled>(
    { CupFilled },
    {
      CupFilled: [(v1) => ({ millilitres: Number(v1['centilitres']) * 10 }), (v2) => ({ ...v2, drink: 'tea' })],
    },
  );
  test('is read from every version it ever had', () => {
    expect(codec.decode('CupFilled', 1, { centilitres: 25 })).toEqual({ type: 'CupFilled', data: { millilitres: 250, drink: 'tea' } });
    expect(codec.decode('CupFilled', 2, { millilitres: 120 })).toEqual({ type: 'CupFilled', data: { millilitres: 120, drink: 'tea' } });
    expect(codec.decode('CupFilled', 3, { millilitres: 90, drink: 'coffee', sugar: 2 }).data).toEqual({
      millilitres: 90,
      drink: 'coffee',
      sugar: 2,
    });
  });
  test('is written in the newest', () => {
    const { schemaVersion } = codec.encode({ type: 'CupFilled', data: { millilitres: 90, drink: 'coffee' } });
    expect(schemaVersion).toBe(3);
  });
  test('is checked after it was brought up, and a broken old one is named, not a crash', () => {
    expect(codeThrownBy(() => codec.decode('CupFilled', 1, { litres: 1 }))).toBe('event.malformed');
    expect(codeThrownBy(() => codec.decode('CupFilled', 1, null))).toBe('event.malformed');
    expect(codeThrownBy(() => codec.decode('CupFilled', 4, {}))).toBe('event.too_new');
  });
});
