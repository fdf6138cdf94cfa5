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

/** `backup_20260102_030405_0a1b2c3d`: UTC time for people, 32 random bits for uniqueness. @param now milliseconds since 1970. */
export const newBackupId = (now: number): string => timedId('backup', now);

export const newRestoreId = (now: number): string => timedId('restore', now);

export const newVerificationId = (now: number): string => timedId('verification', now);

function timedId(kind: string, now: number): string {
  const [day, time] = new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').split('T');
  return `${kind}_${day}_${time}_${randomBytes(4).toString('hex')}`;
}
