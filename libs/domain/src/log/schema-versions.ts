import type { JsonObject } from '../schema/shape.ts';
import type { EventType } from './event-types.ts';

/** Turns the stored payload of one schema version into that of the next. Pure; it sees JSON, not today's types. */
export type Upcaster = (data: JsonObject) => JsonObject;

/** Upcasters by event type; the one at index i turns version i + 1 into i + 2. A type's current version is its number of upcasters + 1. */
export type UpcasterChains = Readonly<Record<string, readonly Upcaster[]>>;

/** A field was added that may be absent, and is in everything older. */
const unchanged: Upcaster = (data) => data;

/**
 * How events of older schema versions become today's. Any change of a payload's shape adds an upcaster here, a fixture
 * `<type>.v<n>.json` and the change in the `.proto` file; a new meaning is a new type. Old upcasters and fixtures stay for ever.
 */
export const upcasters: { readonly [T in EventType]?: readonly Upcaster[] } = {
  BackupRecovered: [unchanged],
  BackupRequested: [unchanged, unchanged],
  DatasetCaptured: [unchanged, unchanged, unchanged],
  RestoreRequested: [(data) => ({ ...data, options: { ...(data['options'] as JsonObject), force: false }, lacking: [] }), unchanged],
  DatasetRestored: [unchanged],
  VerificationEnded: [unchanged],
};

export const versionIn = (chains: UpcasterChains, type: string): number => (Object.hasOwn(chains, type) ? chains[type]!.length : 0) + 1;

/** The schema version that is written today. */
export const schemaVersionOf = (type: EventType): number => versionIn(upcasters, type);
