export * from './errors.ts';
export { durableOf, JOB_KINDS, type JobKind, SERVICES, type ServiceName } from './job-kinds.ts';
export { type BusPermissions, permissionsFor } from './permissions.ts';
export { inboxPrefixOf, NUDGE, subjectOf } from './subjects.ts';
export type { Stop, TriggerHandler, Triggers } from './triggers.ts';
