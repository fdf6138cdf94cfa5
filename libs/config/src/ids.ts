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

export const newRestoreId = (now: number, suffix?: string): string => timedId('restore', now, suffix);

export const newVerificationId = (now: number, suffix?: string): string => timedId('verification', now, suffix);

function timedId(kind: string, now: number, suffix = randomBytes(4).toString('hex')): string {
  const [day, time] = new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').split('T');
  return `${kind}_${day}_${time}_${suffix}`;
}
