import { changedCount, type Queryable } from '@dr/event-store';
import { FORGOTTEN_AT_ONCE, type House, InjectHouse, startForgetting } from '@dr/service';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';

/** A key counts for 24 hours; a row of that age gives way to a new request. An hour more keeps those in hand apart from the old. */
export const FORGET_KEYS = `
DELETE FROM request_keys WHERE (key_id, request_key) IN (
  SELECT key_id, request_key FROM request_keys WHERE seeded_at < clock_timestamp() - interval '25 hours' ORDER BY seeded_at LIMIT $1)`;

/** @returns how many were forgotten, at most `limit` */
export const forgetKeys = (on: Queryable, limit = FORGOTTEN_AT_ONCE): Promise<number> => changedCount(on, FORGET_KEYS, [limit]);

/** Forgets old Idempotency-Keys and the replies kept for them, at the start and every hour. */
@Injectable()
export class ForgetRequestKeys implements OnApplicationBootstrap, OnApplicationShutdown {
  private stop: (() => Promise<void>) | undefined;

  constructor(@InjectHouse() private readonly house: House) {}

  onApplicationBootstrap(): void {
    const { database, log } = this.house;
    this.stop = startForgetting(log, [() => forgetKeys(database)]);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.stop?.();
  }
}
