/** docs/events.asyncapi.json says what the event tables say. DR_UPDATE_DOCS=1 writes it anew. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { subscribedSubjects } from '../../libs/messaging/src/subscriber-slots.ts';
import { asyncApiDocument } from './support/asyncapi.ts';

interface Document {
  asyncapi: string;
  channels: Record<string, { address: string }>;
  components: { messages: Record<string, { name: string; payload: object }> };
}

const root = join(import.meta.dirname, '..', '..');
const file = join(root, 'docs', 'events.asyncapi.json');
if (process.env['DR_UPDATE_DOCS']) writeFileSync(file, `${JSON.stringify(asyncApiDocument(), null, 2)}\n`);
const document = JSON.parse(readFileSync(file, 'utf8')) as Document;

test('the document is what the event tables make (DR_UPDATE_DOCS=1 writes it)', () => {
  expect(document).toEqual(JSON.parse(JSON.stringify(asyncApiDocument())));
  expect(document.asyncapi).toBe('3.0.0');
});

test('every channel lies in what a subscriber is given, and API keys do not', () => {
  const given = subscribedSubjects('{tenant}').map((s) => s.replace(Buffer.from('{tenant}').toString('hex'), '{tenant}').replace('*', ''));
  for (const { address } of Object.values(document.channels)) expect(given.some((prefix) => address.startsWith(prefix))).toBe(true);
  expect(Object.keys(document.channels).filter((type) => type.startsWith('ApiKey'))).toEqual([]);
});

/** Every frozen fixture of a version that is written today is a payload as the document describes it. */
test('the frozen fixtures of today’s versions fit', () => {
  const folder = join(root, 'libs', 'domain', 'fixtures');
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  let checked = 0;
  for (const [type, { name, payload }] of Object.entries(document.components.messages)) {
    const fixture = readdirSync(folder).find((f) => f === `${name.slice('dr.'.length)}.json`);
    expect([type, fixture]).toEqual([type, expect.any(String)]);
    const stored = JSON.parse(readFileSync(join(folder, fixture!), 'utf8')) as { data?: object };
    const validate = ajv.compile(payload);
    validate(stored.data ?? stored);
    expect([type, validate.errors ?? []]).toEqual([type, []]);
    checked++;
  }
  expect(checked).toBeGreaterThan(12);
});
