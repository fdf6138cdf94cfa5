import type { KeyRing } from '@dr/keys';
import type { ObjectKey } from '@dr/storage';
import { FormatTooNew, Malformed } from '../errors.ts';
import { FORMAT_VERSION } from './seal.ts';

/** JSON that anybody may read and nobody without the master key can change: one line, a last member `mac`, and a line end. Bound to the object's key. */
export interface SignedObject {
  readonly format: number;
}

export function encodeSigned(ring: KeyRing, key: ObjectKey, value: SignedObject): Buffer {
  const mac = macOf(ring, key, value);
  return Buffer.from(`${JSON.stringify({ ...value, mac })}\n`);
}

/**
 * @throws Malformed unless every byte is as it was written: the text must be exactly what encoding its content again gives. FormatTooNew.
 */
export function decodeSigned<T extends SignedObject>(ring: KeyRing, key: ObjectKey, bytes: Uint8Array): T {
  const { mac, ...value } = parseObject(bytes) as unknown as T & { mac?: unknown };
  if (typeof value.format === 'number' && value.format > FORMAT_VERSION) throw new FormatTooNew(key, value.format, FORMAT_VERSION);
  const again = Buffer.from(`${JSON.stringify({ ...value, mac })}\n`);
  if (Buffer.compare(again, bytes) !== 0) throw new Malformed('it is not written as such an object is');
  if (mac !== macOf(ring, key, value as unknown as SignedObject)) throw new Malformed('its MAC does not fit its content');
  return value as unknown as T;
}

/** The content before its MAC can be checked: enough to find the keys. @throws Malformed. */
export function parseObject(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new Malformed('it is not JSON', { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Malformed('it is not a JSON object');
  return value as Record<string, unknown>;
}

const macOf = (ring: KeyRing, key: ObjectKey, value: SignedObject): string =>
  Buffer.from(ring.mac(`dr1/${key}`, Buffer.from(JSON.stringify(value)))).toString('hex');
