import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Does `make` once per folder, whichever of several processes asks first; the others wait for its answer.
 * @throws Error with the first one's message when `make` failed, in every process.
 */
export async function once<T extends object>(folder: string, name: string, make: () => Promise<T>): Promise<T> {
  const answer = join(folder, `${name}.json`);
  if (claim(join(folder, `${name}.claim`))) {
    const made = await make().catch((error: unknown) => ({ failed: String(error) }));
    writeFileSync(`${answer}.new`, JSON.stringify(made), { mode: 0o600 });
    renameSync(`${answer}.new`, answer);
  }
  for (let waited = 0; !existsSync(answer); waited += 20) {
    if (waited > 60_000) throw new Error(`${name} was not started within a minute`);
    await pause(20);
  }
  const found = JSON.parse(readFileSync(answer, 'utf8')) as T & { failed?: string };
  if (found.failed) throw new Error(`${name} could not be started: ${found.failed}`);
  return found;
}

function claim(file: string): boolean {
  try {
    writeFileSync(file, '', { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

/** The next number from 0 on, never the same one twice per folder and name, whichever process asks. */
export function nextNumber(folder: string, name: string): number {
  for (let n = 0; ; n += 1) if (claim(join(folder, `${name}-${n}`))) return n;
}
