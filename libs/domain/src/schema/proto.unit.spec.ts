import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { eventTables } from '../log/event-types.ts';
import { type ProtoField, type ProtoMessages, parseProto } from '../testing/proto-file.ts';
import type { MessageTable, Shape } from './shape.ts';

const house = new URL('../../../../', import.meta.url);
const folder = new URL('proto/tributary/dr/events/v1/', house);
const files = readdirSync(folder).map((name) => parseProto(readFileSync(new URL(name, folder), 'utf8')));
const proto: ProtoMessages = Object.assign({}, ...files);

/** Every message that the tables know: those of the events and those inside them. */
function messagesIn(tables: readonly MessageTable[]): MessageTable[] {
  const inner = tables.flatMap((table) => Object.values(table.fields).flatMap(({ proto: { message } }) => (message ? [message] : [])));
  return inner.length === 0 ? [...tables] : [...tables, ...messagesIn(inner)];
}

const tables = new Map(messagesIn(Object.values(eventTables).map(({ table }) => table)).map((table) => [table.name, table]));

function fieldOf({ proto: { label, type, words } }: Shape<unknown>): ProtoField {
  return { label, type, ...(words && { words }) };
}

test('every event type is a message of its own name', () => {
  for (const [type, { table }] of Object.entries(eventTables)) expect(table.name).toBe(type);
});

test('the .proto files and the tables hold the same messages', () => expect(Object.keys(proto).sort()).toEqual([...tables.keys()].sort()));

test('no message is declared twice', () => expect(files.flatMap((file) => Object.keys(file))).toHaveLength(Object.keys(proto).length));

test.each([...tables.values()])('$name has the same fields, types and words in both', ({ name, fields }) =>
  expect(proto[name]).toEqual(Object.fromEntries(Object.entries(fields).map(([field, shape]) => [field, fieldOf(shape)]))),
);

test('buf finds nothing to complain about', () => {
  const buf = fileURLToPath(new URL('node_modules/@bufbuild/buf/bin/buf', house));
  expect(execFileSync(process.execPath, [buf, 'lint'], { cwd: house, encoding: 'utf8' })).toBe('');
});
