import { subjectOf } from './subjects.ts';

/**
 * Places for subscribers from outside. Each is an account of the NATS server of its own, which sees nothing of the house but one consumer: it may
 * ask for its next messages and acknowledge them. Accounts are there from the start, since a server that reads its configuration anew gives
 * the services of another account only to accounts that it knew before; users come and go without a restart. No import of NATS here.
 */
export const SUBSCRIBER_SLOTS = 32;

const padded = (slot: number): string => String(slot).padStart(2, '0');

export const slotAccount = (slot: number): string => `SUBSCRIBER_${padded(slot)}`;
export const slotConsumer = (slot: number): string => `subscriber-${padded(slot)}`;

/** What a subscriber's client says instead of `$JS.API`. */
export const SUBSCRIBER_API = 'dr.api';

export interface SlotImport {
  /** In the house's account. */
  readonly subject: string;
  /** In the subscriber's own. */
  readonly to: string;
}

/** All that a slot can reach. */
export function slotImports(slot: number): SlotImport[] {
  const consumer = slotConsumer(slot);
  const asked = ['CONSUMER.INFO', 'CONSUMER.MSG.NEXT'].map((verb) => `${verb}.DR_EVENTS.${consumer}`);
  const ack = `$JS.ACK.DR_EVENTS.${consumer}.>`;
  return [...asked.map((verb) => ({ subject: `$JS.API.${verb}`, to: `${SUBSCRIBER_API}.${verb}` })), { subject: ack, to: ack }];
}

/** What the house's account offers to slots. Which of it one gets, its imports say; nobody but the operator writes those. */
export const SLOT_EXPORTS = [
  { service: '$JS.API.CONSUMER.INFO.DR_EVENTS.*', stream: false },
  { service: '$JS.API.CONSUMER.MSG.NEXT.DR_EVENTS.*', stream: true },
  { service: '$JS.ACK.DR_EVENTS.*.>', stream: false },
] as const;

/** Aggregates whose events a tenant's subscriber gets: all but those of API keys. */
const PUBLIC_AGGREGATES = ['backup', 'capture', 'restore', 'verification'];

export const subscribedSubjects = (tenant: string): string[] =>
  PUBLIC_AGGREGATES.map((aggregate) => subjectOf.event(tenant, aggregate, '*'));
