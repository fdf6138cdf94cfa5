/**
 * The bus: NATS with JetStream. It carries copies and nudges; the truth is in the database, so everything here may be lost and made again.
 * Streams and consumers are declared in `topology.ts`, kinds of jobs in `job-kinds.ts`, grants in `permissions.ts` (which imports no NATS
 * and is `@dr/messaging/permissions` for the local deployment).
 */
export { Bus, type BusHealth, type BusOptions, connectBus } from './bus.ts';
export { cloudEventType, fromMessage, type ReceivedEvent, toCloudEvent, toMessage } from './cloud-events.ts';
export { type ConsumeOptions, consumeJobs, type JobMessage } from './consume-jobs.ts';
export { ensureTopology, requireTopology } from './ensure-topology.ts';
export * from './errors.ts';
export { durableOf, JOB_KINDS, type JobKind, SERVICES, type ServiceName } from './job-kinds.ts';
export { natsTriggers } from './nats-triggers.ts';
export { announce, nudge, onAnnounced, onNudge } from './nudges.ts';
export { type BusPermissions, permissionsFor } from './permissions.ts';
export { onProgress, ProgressPublisher } from './progress.ts';
export { publishEvents } from './publish-events.ts';
export { type AnswerOptions, answer, query } from './queries.ts';
export { inboxPrefixOf, NUDGE, subjectOf } from './subjects.ts';
export { SUBSCRIBER_API, SUBSCRIBER_SLOTS, slotConsumer } from './subscriber-slots.ts';
export { closeSubscription, isSubscriberAccepted, newSubscriberKey, openSubscription } from './subscriptions.ts';
export { DEAD, EVENTS, JOBS, SERVER_VERSION_MIN, TOPOLOGY, type Topology } from './topology.ts';
export type { Stop, TriggerHandler, Triggers } from './triggers.ts';
