import { durableOf, JOB_KINDS, type ServiceName } from './job-kinds.ts';

export { SERVICES, type ServiceName } from './job-kinds.ts';
export { SLOT_EXPORTS, SUBSCRIBER_SLOTS, slotAccount, slotImports } from './subscriber-slots.ts';

import { inboxPrefixOf, NUDGE, subjectOf } from './subjects.ts';

/** What one service may do on the bus, as the server's `permissions` block takes it. Nothing else is allowed. */
export interface BusPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  /** `allow_responses`: it may answer a request on the reply subject that came with it, and only there. */
  readonly allowResponses: boolean;
}

const STREAMS = ['DR_EVENTS', 'DR_JOBS', 'DR_DEAD'];

/** Everybody looks at the topology at start; nobody but the catalog changes it. */
const LOOK = ['$JS.API.INFO', ...STREAMS.map((stream) => `$JS.API.STREAM.INFO.${stream}`), '$JS.API.CONSUMER.INFO.DR_JOBS.*'];
const MANAGE = [...STREAMS.map((stream) => `$JS.API.STREAM.CREATE.${stream}`), '$JS.API.CONSUMER.CREATE.DR_JOBS.>'];
const NUDGES = Object.values(NUDGE);
/** The gateway makes and ends the consumers of subscribers. */
const SUBSCRIPTIONS = ['$JS.API.CONSUMER.DURABLE.CREATE.DR_EVENTS.*', '$JS.API.CONSUMER.DELETE.DR_EVENTS.*'];

function workOn(service: ServiceName): string[] {
  const kinds = Object.entries(JOB_KINDS).filter(([, worker]) => worker === service);
  return kinds.flatMap(([kind]) => [
    `$JS.API.CONSUMER.MSG.NEXT.DR_JOBS.${durableOf(kind)}`,
    `$JS.ACK.DR_JOBS.${durableOf(kind)}.>`,
    subjectOf.dead(kind),
  ]);
}

const worker = (service: ServiceName): BusPermissions => ({
  publish: [...LOOK, ...workOn(service), 'dr.jobs.*', 'dr.progress.*', ...NUDGES, subjectOf.query('catalog', '>')],
  subscribe: [`${inboxPrefixOf(service)}.>`, ...NUDGES, subjectOf.health(service), subjectOf.query(service, '>')],
  allowResponses: true,
});

const PERMISSIONS: Record<ServiceName, BusPermissions> = {
  gateway: {
    publish: [...LOOK, ...SUBSCRIPTIONS, 'dr.jobs.*', ...NUDGES, 'dr.query.>', 'dr.health.*'],
    subscribe: [`${inboxPrefixOf('gateway')}.>`, ...NUDGES, 'dr.progress.*', subjectOf.health('gateway')],
    allowResponses: true,
  },
  catalog: {
    publish: [...LOOK, ...MANAGE, 'dr.events.>', 'dr.jobs.*', ...NUDGES],
    subscribe: [`${inboxPrefixOf('catalog')}.>`, ...NUDGES, 'dr.progress.*', subjectOf.health('catalog'), subjectOf.query('catalog', '>')],
    allowResponses: true,
  },
  archiver: worker('archiver'),
  restorer: worker('restorer'),
  supervisor: { publish: ['dr.health.*'], subscribe: [`${inboxPrefixOf('supervisor')}.>`], allowResponses: false },
};

/** The grants of a service, exactly: its own subjects, its own consumers, its own inbox. Never `$JS.>`. */
export const permissionsFor = (service: ServiceName): BusPermissions => PERMISSIONS[service];
