import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NoCredentials } from '../errors.ts';

export interface Credentials {
  /** Without a trailing '/'. */
  url: string;
  apiKey: string;
}

/** DR_URL and DR_API_KEY, each else from DR_HOME/credentials.json. @throws NoCredentials. */
export function readCredentials(env: Readonly<Record<string, string | undefined>>, home: string): Credentials {
  const [url, apiKey] = [env['DR_URL'], env['DR_API_KEY']];
  if (url && apiKey) return { url: trimmed(url), apiKey };
  const file = join(home, 'credentials.json');
  const stored = parse(file, read(file));
  return { url: trimmed(url || stored.url), apiKey: apiKey || stored.api_key };
}

const trimmed = (url: string): string => url.replace(/\/+$/, '');

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new NoCredentials(file, missing ? 'does not exist' : `cannot be read (${(cause as Error).message})`);
  }
}

function parse(file: string, text: string): { url: string; api_key: string } {
  try {
    const { url, api_key } = JSON.parse(text) as Record<string, unknown>;
    if (typeof url === 'string' && typeof api_key === 'string') return { url, api_key };
  } catch {
    // Told below, together with missing fields.
  }
  throw new NoCredentials(file, 'holds no url and api_key');
}
