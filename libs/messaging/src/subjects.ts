/** Every subject of the house, and nothing else makes them. */

const HEX_TOKEN = (text: string): string => Buffer.from(text, 'utf8').toString('hex');

export const subjectOf = {
  /** Names of tenants may hold dots, spaces and wildcards, so the token is their UTF-8 in hex; the name itself is in `ce-tenant`. */
  event: (tenant: string, aggregate: string, type: string): string => `dr.events.${HEX_TOKEN(tenant)}.${aggregate}.${type}`,
  job: (kind: string): string => `dr.jobs.${kind}`,
  dead: (kind: string): string => `dr.dead.${kind}`,
  progress: (operation: string): string => `dr.progress.${operation}`,
  /** A question to a service: `dr.query.catalog.backups.list`. */
  query: (service: string, name: string): string => `dr.query.${service}.${name}`,
  health: (service: string): string => `dr.health.${service}`,
} as const;

export const NUDGE = {
  /** Something was appended: the sequencer need not wait for its poll. */
  sequencer: 'dr.nudge.sequencer',
  /** Positions were given out: readers of the log need not wait for theirs. */
  log: 'dr.nudge.log',
  /** The catalog shows what was appended to these streams: who waits for one need not ask again and again. */
  view: 'dr.nudge.view',
} as const;

/** A part of a subject that comes from an id. NATS takes dots, spaces, `*` and `>` as grammar. */
export const isToken = (text: string): boolean => /^[A-Za-z0-9_-]+$/.test(text);

/** Replies of a service come only here, so that permissions can keep the services apart. */
export const inboxPrefixOf = (service: string): string => `_INBOX_${service}`;
