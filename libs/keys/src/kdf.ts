import { argon2 } from 'node:crypto';
import { promisify } from 'node:util';
import { BadPassphrase } from './errors.ts';

/** Cost of argon2id; written into the wrap, so it can rise with the years. */
export interface KdfParameters {
  memoryKiB: number;
  passes: number;
  parallelism: number;
}

/** RFC 9106's second recommendation: 64 MiB, 3 passes, 4 lanes. About 0.2 s on one core. */
export const KDF_DEFAULT: KdfParameters = { memoryKiB: 64 * 1024, passes: 3, parallelism: 4 };

/** What a wrap may ask for at most: a forged one must not exhaust this machine. 1 GiB, 32 passes, 64 lanes. */
export const KDF_CEILING: KdfParameters = { memoryKiB: 1024 * 1024, passes: 32, parallelism: 64 };

export const SALT_BYTES = 16;

const derive = promisify(argon2);

/** Within the ceiling, and what argon2 itself demands. */
export function kdfAcceptable({ memoryKiB, passes, parallelism }: KdfParameters): boolean {
  const positive = passes >= 1 && parallelism >= 1 && memoryKiB >= 8 * parallelism;
  return positive && memoryKiB <= KDF_CEILING.memoryKiB && passes <= KDF_CEILING.passes && parallelism <= KDF_CEILING.parallelism;
}

/** 32 bytes from a passphrase, which counts in Unicode's NFC form: the same keys typed on another system give the same key. @throws BadPassphrase. */
export async function passphraseKey(
  passphrase: string,
  salt: Uint8Array,
  { memoryKiB, passes, parallelism }: KdfParameters,
): Promise<Buffer> {
  const message = Buffer.from(passphrase.normalize('NFC'), 'utf8');
  if (message.length === 0) throw new BadPassphrase('it is empty');
  return derive('argon2id', { message, nonce: salt, memory: memoryKiB, passes, parallelism, tagLength: 32 });
}
