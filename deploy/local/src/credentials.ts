import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What `bin/dr` on this machine takes URL and key from (DR_URL and DR_API_KEY override). */
export interface Credentials {
  url: string;
  api_key: string;
}

export interface CredentialsFile extends Credentials {
  file: string;
  isNew: boolean;
}

/**
 * DR_HOME/credentials.json, mode 600. The key is made once: `bootstrapKey` when given at the first start, else a random one.
 * The URL follows the port of this start. The gateway records the key's SHA-256 when the log has no such key.
 */
export function ensureCredentials(home: string, url: string, bootstrapKey?: string): CredentialsFile {
  const file = join(home, 'credentials.json');
  const isNew = !existsSync(file);
  const api_key = isNew
    ? (bootstrapKey ?? `dr_${randomBytes(32).toString('base64url')}`)
    : (JSON.parse(readFileSync(file, 'utf8')) as Credentials).api_key;
  const credentials: Credentials = { url, api_key };
  writeFileSync(`${file}.new`, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600, flush: true });
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
  return { ...credentials, file, isNew };
}
