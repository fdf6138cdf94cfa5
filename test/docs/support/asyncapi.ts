import { eventTables } from '../../../libs/domain/src/log/event-types.ts';
import { schemaVersionOf } from '../../../libs/domain/src/log/schema-versions.ts';
import type { ProtoType } from '../../../libs/domain/src/schema/shape.ts';

type JsonSchema = Record<string, unknown>;

const SCALARS: Record<string, JsonSchema> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  uint32: { type: 'integer', minimum: 0, maximum: 2 ** 32 - 1 },
  uint64: { type: 'string', pattern: '^(0|[1-9][0-9]{0,15})$', description: 'A count, as a decimal string.' },
  'google.protobuf.Timestamp': { type: 'string', format: 'date-time' },
};

/** JSON Schema of a value in an event's payload, as it travels. */
function schemaOf({ label, type, words, message }: ProtoType): JsonSchema {
  const one = message ? objectOf(message.fields) : words ? { type: 'string', enum: [...words] } : SCALARS[type];
  if (!one) throw new Error(`no JSON Schema is known for ${type}`);
  if (label === 'repeated') return { type: 'array', items: one };
  return label === 'map' ? { type: 'object', additionalProperties: one } : one;
}

function objectOf(fields: Readonly<Record<string, { proto: ProtoType }>>): JsonSchema {
  const entries = Object.entries(fields);
  return {
    type: 'object',
    additionalProperties: false,
    required: entries.filter(([, shape]) => shape.proto.label !== 'optional').map(([name]) => name),
    properties: Object.fromEntries(entries.map(([name, shape]) => [name, schemaOf(shape.proto)])),
  };
}

const AGGREGATES: readonly [start: string, aggregate: string][] = [
  ['Backup', 'backup'],
  ['DatasetCapture', 'capture'],
  ['Restore', 'restore'],
  ['DatasetRestore', 'restore'],
  ['Verification', 'verification'],
];

/** The aggregate whose events have this type; undefined: not for subscribers. @throws when a type is of no known aggregate. */
function aggregateOf(type: string): string | undefined {
  if (/^(ApiKey|Log|Rollback)/.test(type)) return undefined;
  const found = AGGREGATES.find(([start]) => type.startsWith(start));
  if (!found) throw new Error(`${type}: say in asyncapi.ts of which aggregate it is`);
  return found[1];
}

const HEADERS = {
  type: 'object',
  required: ['ce-specversion', 'ce-id', 'ce-source', 'ce-type', 'ce-subject', 'ce-time', 'ce-tenant', 'Nats-Msg-Id'],
  properties: Object.fromEntries(
    [
      ['ce-specversion', 'CloudEvents 1.0, binary mode.'],
      ['ce-id', 'Names the event; the same id again is the same event.'],
      ['ce-source', 'urn:tributary-dr'],
      ['ce-type', 'dr.<type>.v<schema version>'],
      ['ce-subject', 'The stream: <aggregate>-<id>.'],
      ['ce-time', 'When it was recorded.'],
      ['ce-tenant', 'The tenant, percent-encoded.'],
      ['ce-streamversion', 'Its number in the stream, from 1.'],
      ['Nats-Msg-Id', 'As ce-id.'],
      ['traceparent', 'W3C Trace Context of the request behind it.'],
    ].map(([name, description]) => [name, { type: 'string', description }]),
  ),
};

/** The AsyncAPI 3 document of what subscribers get, made of the event tables. */
export function asyncApiDocument(): object {
  const types = Object.keys(eventTables)
    .sort()
    .filter((type) => aggregateOf(type) !== undefined);
  const messages = types.map((type) => {
    const table = (eventTables as Record<string, { table: { fields: Record<string, { proto: ProtoType }> } }>)[type]!.table;
    const name = `dr.${type}.v${schemaVersionOf(type as keyof typeof eventTables)}`;
    return [
      type,
      { name, contentType: 'application/json', headers: { $ref: '#/components/schemas/EventHeaders' }, payload: objectOf(table.fields) },
    ];
  });
  const channels = types.map((type) => [
    type,
    {
      address: `dr.events.{tenant}.${aggregateOf(type)}.${type}`,
      parameters: { tenant: { description: 'UTF-8 of the tenant’s name in lower-case hex.' } },
      messages: { [type]: { $ref: `#/components/messages/${type}` } },
    },
  ]);
  const operations = types.map((type) => [`on${type}`, { action: 'receive', channel: { $ref: `#/channels/${type}` } }]);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Tributary DR events',
      version: '1.0.0',
      description: 'What a tenant’s subscriber reads from the JetStream stream DR_EVENTS. See events.md.',
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(channels),
    operations: Object.fromEntries(operations),
    components: { schemas: { EventHeaders: HEADERS }, messages: Object.fromEntries(messages) },
  };
}
