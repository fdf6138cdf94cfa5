import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import type { House } from '@dr/service';

/** What stays the same when a request is repeated under its Idempotency-Key. `used`: something was made from it, or may have been. */
export interface RequestSeed {
  readonly seed: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  used: boolean;
}

const seeds = new AsyncLocalStorage<RequestSeed>();

/** Runs the handler of a request that has a key. */
export const withSeed = <T>(seed: RequestSeed, handle: () => T): T => seeds.run(seed, handle);

export interface Identity {
  /** For `newBackupId` and its like. */
  readonly at: number;
  readonly suffix?: string;
  /** For the event store: carried out once, however often it is said. */
  readonly commandId: string;
}

/**
 * Ids for one thing that a request makes; `label` tells it from the others of the same request, such as the backups of several tenants.
 * Under an Idempotency-Key a repeat gets the same ones, so that the event store answers with what was made the first time; else they are new.
 */
export function identify({ now, newId }: Pick<House, 'now' | 'newId'>, label: string): Identity {
  const request = seeds.getStore();
  if (request === undefined) return { at: now(), commandId: newId() };
  request.used = true;
  const digest = createHash('sha256').update(`${request.seed}\n${label}`).digest('hex');
  return { at: request.at, suffix: digest.slice(0, 8), commandId: `request-${request.seed}-${digest.slice(0, 16)}` };
}
