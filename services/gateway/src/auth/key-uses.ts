import { type House, InjectHouse } from '@dr/service';
import { Injectable } from '@nestjs/common';

/** A key's use is written at most so often by one gateway. */
const WRITE_EVERY_MS = 60_000;

/** Keys remembered here; beyond that they are written more often than needed, which costs little. */
const REMEMBERED_MAX = 10_000;

/** When each key was last used, to the minute: for who asks whether a key can be revoked. Never in the way of a request. */
@Injectable()
export class KeyUses {
  private readonly written = new Map<string, number>();

  constructor(@InjectHouse() private readonly house: House) {}

  used(keyId: string): void {
    const now = this.house.now();
    if (now - (this.written.get(keyId) ?? Number.NEGATIVE_INFINITY) < WRITE_EVERY_MS) return;
    if (this.written.size >= REMEMBERED_MAX) this.written.clear();
    this.written.set(keyId, now);
    this.house.database
      .query(WRITE, [keyId, new Date(now)])
      .catch((error: unknown) => this.house.log.warn({ err: error }, 'the use of a key was not written down'));
  }
}

const WRITE = `INSERT INTO api_key_uses AS u (key_id, used_at) VALUES ($1, $2)
  ON CONFLICT (key_id) DO UPDATE SET used_at = greatest(u.used_at, excluded.used_at)`;
