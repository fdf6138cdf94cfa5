/**
 * The kinds of jobs, and the service whose workers run each. A new kind is a line here: stream, consumer and permissions follow.
 * No import of NATS, so that the local deployment can read it.
 */
export const JOB_KINDS = {
  backup: 'archiver',
  cancel: 'archiver',
  capture: 'archiver',
  restore: 'restorer',
  'restore-hooks': 'restorer',
  verification: 'restorer',
} as const satisfies Record<string, ServiceName>;

export type JobKind = keyof typeof JOB_KINDS;

/** Those that have an account on the bus. `supervisor` only asks for health. */
export const SERVICES = ['gateway', 'catalog', 'archiver', 'restorer', 'supervisor'] as const;
export type ServiceName = (typeof SERVICES)[number];

export const durableOf = (kind: string): string => `job-${kind}`;
