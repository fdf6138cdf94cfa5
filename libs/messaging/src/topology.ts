import { AckPolicy, type ConsumerConfig, DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream';
import { durableOf, JOB_KINDS } from './job-kinds.ts';

/** Milliseconds; NATS wants nanoseconds (`nanos`). */
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const nanos = (ms: number): number => ms * 1_000_000;

export const SERVER_VERSION_MIN = '2.10.0';

export const EVENTS = 'DR_EVENTS';
export const JOBS = 'DR_JOBS';
export const DEAD = 'DR_DEAD';

/** A message that nobody acknowledged or prolonged within this time comes again. */
export const ACK_WAIT_MS = 30_000;

export type StreamDeclaration = Partial<StreamConfig> & { readonly name: string; readonly subjects: string[] };
export type ConsumerDeclaration = Partial<ConsumerConfig> & { readonly durable_name: string };

export interface Topology {
  readonly streams: readonly StreamDeclaration[];
  readonly consumers: readonly { readonly stream: string; readonly config: ConsumerDeclaration }[];
}

const FILE = { storage: StorageType.File } as const;

/**
 * Every stream and consumer of the house. What the server has must be exactly this in the fields given here; other fields are the operator's
 * (replicas, placement). All limits are explicit: an endless stream fills a disk.
 */
export const TOPOLOGY: Topology = {
  streams: [
    {
      /** A copy of the log for subscribers, oldest out first; filled again from the database at any position. */
      name: EVENTS,
      subjects: ['dr.events.>'],
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.Old,
      max_age: nanos(30 * DAY),
      max_bytes: 1024 ** 3,
      max_msg_size: 1024 ** 2,
      /** A relay that lost an acknowledgement publishes again; two hours cover a restart of everything. Consumers know events by id anyway. */
      duplicate_window: nanos(120 * MINUTE),
      ...FILE,
    },
    {
      /** Triggers. A full queue refuses new ones instead of dropping old ones; workers find those jobs by polling. */
      name: JOBS,
      subjects: ['dr.jobs.*'],
      retention: RetentionPolicy.Workqueue,
      discard: DiscardPolicy.New,
      max_age: nanos(7 * DAY),
      max_msgs: 100_000,
      max_bytes: 64 * 1024 ** 2,
      max_msg_size: 16 * 1024,
      duplicate_window: nanos(2 * MINUTE),
      ...FILE,
    },
    {
      /** What no handler could take, with the reason in its headers: for people. */
      name: DEAD,
      subjects: ['dr.dead.>'],
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.Old,
      max_age: nanos(90 * DAY),
      max_bytes: 64 * 1024 ** 2,
      max_msg_size: 1024 ** 2,
      duplicate_window: nanos(2 * MINUTE),
      ...FILE,
    },
  ],
  consumers: Object.keys(JOB_KINDS).map((kind) => ({
    stream: JOBS,
    config: {
      durable_name: durableOf(kind),
      filter_subject: `dr.jobs.${kind}`,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(ACK_WAIT_MS),
      /** For ever: our handlers decide what is dead, and say so in DR_DEAD. */
      max_deliver: -1,
      max_ack_pending: 1000,
    },
  })),
};

/** The fields of `declared` that are otherwise in `actual`, one line each. */
export function differences(what: string, declared: object, actual: object): string[] {
  const found = actual as Record<string, unknown>;
  return Object.entries(declared)
    .filter(([field, value]) => JSON.stringify(found[field]) !== JSON.stringify(value))
    .map(([field, value]) => `${what}: ${field} is ${JSON.stringify(found[field])}, declared is ${JSON.stringify(value)}`);
}

/** Whether a server's version is SERVER_VERSION_MIN or newer; 2.14.0-beta.1 counts as 2.14.0. */
export function isNewEnough(version: string): boolean {
  const numbers = (text: string) => text.split(/[.-]/, 3).map((part) => Number.parseInt(part, 10) || 0);
  const [have, want] = [numbers(version), numbers(SERVER_VERSION_MIN)];
  const at = want.findIndex((number, i) => have[i] !== number);
  return at === -1 || (have[at] ?? 0) > want[at]!;
}
