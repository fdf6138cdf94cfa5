import { randomBytes } from 'node:crypto';

/**
 * A UUID of version 7 (RFC 9562): 48 bits of time, 74 random bits. Sorts by millisecond, so event and command ids stay close together in an index.
 * @param now milliseconds since 1970.
 */
export function uuidv7(now: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Math.trunc(now), 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/**
 * `backup_20260102_030405_0a1b2c3d`: UTC time for people, 32 random bits for uniqueness.
 * @param now milliseconds since 1970
 * @param suffix eight hex digits instead of random ones, for an id that must come out the same again
 */
export const newBackupId = (now: number, suffix?: string): string => timedId('backup', now, suffix);

/** The time in `backup_YYYYMMDD_HHMMSS_…`, RFC 3339; undefined when the id has none. */
export function requestedAt(backupId: string): string | undefined {
  const [, y, mo, d, h, mi, s] = /^backup_(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)_/.exec(backupId) ?? [];
  if (s === undefined) return undefined;
  const ms = Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

/**
 * Since when the state that a backup holds was captured: the moment of its request, or of a full that was made of a snapshot the snapshot's, to the
 * second. Whoever wants the newest state, or one as of a moment, goes by this.
 */
export function stateAt({ timestamp, metadata }: { timestamp: string; metadata?: { promoted_from?: unknown } | null }): string {
  const from = metadata?.promoted_from;
  return (typeof from === 'string' ? requestedAt(from) : undefined) ?? timestamp;
}

export const newRestoreId = (now: number, suffix?: string): string => timedId('restore', now, suffix);

export const newVerificationId = (now: number, suffix?: string): string => timedId('verification', now, suffix);

function timedId(kind: string, now: number, suffix = randomBytes(4).toString('hex')): string {
  const [day, time] = new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').split('T');
  return `${kind}_${day}_${time}_${suffix}`;
}
