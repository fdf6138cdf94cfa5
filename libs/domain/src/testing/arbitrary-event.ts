import fc from 'fast-check';
import { type DomainEvent, eventTables } from '../log/event-types.ts';
import type { MessageTable, ProtoType, Shape } from '../schema/shape.ts';

const SCALARS: Record<string, fc.Arbitrary<unknown>> = {
  string: fc.string({ maxLength: 12 }),
  bool: fc.boolean(),
  uint32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  uint64: fc.maxSafeNat(),
  'google.protobuf.Timestamp': fc.date({ min: new Date(0), max: new Date(8e12), noInvalidDate: true }).map((date) => date.toISOString()),
};

/** Any value of a shape, as it is in memory: made from the same table as the validator, so a new event is covered as soon as it exists. */
function anyValueOf({ proto }: Shape<unknown>): fc.Arbitrary<unknown> {
  const single = singleOf(proto);
  if (proto.label === 'repeated') return fc.array(single, { maxLength: 3 });
  if (proto.label === 'map') return fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), single, { maxKeys: 3, noNullPrototype: true });
  return single;
}

function singleOf(proto: ProtoType): fc.Arbitrary<unknown> {
  if (proto.message) return messageOf(proto.message);
  return proto.words ? fc.constantFrom(...proto.words) : SCALARS[proto.type]!;
}

function messageOf({ fields }: MessageTable): fc.Arbitrary<unknown> {
  const required = Object.keys(fields).filter((name) => fields[name]!.proto.label !== 'optional');
  const values = Object.fromEntries(Object.entries(fields).map(([name, shape]) => [name, anyValueOf(shape)]));
  return fc.record(values, { requiredKeys: required, noNullPrototype: true });
}

/** Any event of any aggregate, or of the given types. */
export function anyEvent(types: readonly string[] = Object.keys(eventTables)): fc.Arbitrary<DomainEvent> {
  const tables: Readonly<Record<string, Shape<unknown>>> = eventTables;
  const events = types.map((type) => anyValueOf(tables[type]!).map((data) => ({ type, data })));
  return fc.oneof(...events) as fc.Arbitrary<DomainEvent>;
}
