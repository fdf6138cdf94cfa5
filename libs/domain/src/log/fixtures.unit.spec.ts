import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Decider } from '../decider.ts';
import { apiKeyDecider, backupDecider, captureDecider, repositoryDecider, restoreDecider, verificationDecider } from '../deciders.ts';
import type { JsonObject } from '../schema/shape.ts';
import { canonicalJson } from './canonical-json.ts';
import { decodeEvent, type EncodedEvent, encodeEvent } from './codec.ts';
import { type DomainEvent, type EventType, eventTables } from './event-types.ts';
import { schemaVersionOf } from './schema-versions.ts';

/**
 * `<type>.v<n>.json` is an event as this house has stored it once; it must be readable for ever. A fixture is never changed: its digest is
 * in `frozen.json`. A change of an event's shape brings a new version, an upcaster and a new fixture beside the old ones.
 */
const folder = new URL('../../fixtures/', import.meta.url);
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
const frozen = read('frozen.json') as Record<string, string>;
const names = readdirSync(folder).filter((name) => name !== 'frozen.json');
const stored = names.map((name) => read(name) as EncodedEvent);
const decoded = stored.map(({ type, schemaVersion, data }) => decodeEvent(type, schemaVersion, data));

test.each(Object.keys(eventTables) as EventType[])('%s has a fixture for each version that it ever had', (type) => {
  const versions = Array.from({ length: schemaVersionOf(type) }, (_, i) => `${type}.v${i + 1}.json`);
  expect(names.filter((name) => name.startsWith(`${type}.v`)).sort()).toEqual(versions.sort());
});

describe.each(names.map((name, i) => ({ name, event: stored[i]! })))('$name', ({ name, event }) => {
  test('is named after what it holds', () => expect(name).toBe(`${event.type}.v${event.schemaVersion}.json`));

  test('is what was frozen', () => {
    expect(createHash('sha256').update(canonicalJson(event)).digest('hex')).toBe(frozen[name]);
  });

  test('is read, and is written again as it was, or in the newest version', () => {
    const again = encodeEvent(decodeEvent(event.type, event.schemaVersion, event.data));
    if (event.schemaVersion === schemaVersionOf(event.type as EventType)) expect(again).toEqual(event);
    else expect(again.schemaVersion).toBeGreaterThan(event.schemaVersion);
  });

  test('shows every field of its type, so that none can change its meaning unseen', () => {
    const fields = Object.keys(eventTables[event.type as EventType].table.fields).sort();
    if (event.schemaVersion === schemaVersionOf(event.type as EventType))
      expect(Object.keys(event.data as JsonObject).sort()).toEqual(fields);
  });

  test('moves the state of its aggregate', () => {
    const event_ = decoded[names.indexOf(name)]!;
    expect(STATES.some(({ states, evolve }) => states.some((state) => evolve(state, event_) !== state))).toBe(true);
  });
});

test('nothing is frozen that is not there', () => expect(Object.keys(frozen).sort()).toEqual([...names].sort()));

/** The states that a few of the fixtures, in any order, lead to. */
function reachable<S, E extends DomainEvent>({ initial, evolve }: Decider<S, never, E>) {
  let states: S[] = [initial];
  for (let steps = 0; steps < 3; steps++) {
    const next = states.flatMap((state) => decoded.map((event) => evolve(state, event as E)));
    states = [...new Set([...states, ...next])];
  }
  return { states: states as unknown[], evolve: evolve as (state: unknown, event: DomainEvent) => unknown };
}

const STATES = [
  reachable(backupDecider),
  reachable(captureDecider),
  reachable(restoreDecider),
  reachable(verificationDecider),
  reachable(apiKeyDecider),
  reachable(repositoryDecider),
];
