import { lstat, open, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncFolder } from '../target/entries.ts';
import type { Place } from '../target/place.ts';

/** What the intent file says: which staging is about to take the target's place. */
interface Intent {
  /** Name of the staging folder. */
  staging: string;
  /** Of that folder, by which it is known again after it was renamed. */
  identity: string;
}

/**
 * Inode and time of birth of a folder: inodes are used again, and device numbers change when a disk is mounted anew. Where the file system knows no births, Node gives the time of the last
 * change, which a rename moves, so it is left out. Undefined when nothing is there.
 */
export async function identityOf(folder: string): Promise<string | undefined> {
  const found = await lstat(folder, { bigint: true }).catch(() => undefined);
  if (found === undefined) return undefined;
  const { ino, birthtimeNs, ctimeNs } = found;
  return `${ino} ${birthtimeNs === ctimeNs ? 0n : birthtimeNs}`;
}

/** Whether `folder` is the one that an intent names. */
export async function isFolder(folder: string, identity: string): Promise<boolean> {
  const [ino, birth] = (await identityOf(folder))?.split(' ') ?? [];
  const [wantedIno, wantedBirth] = identity.split(' ');
  return ino === wantedIno && (wantedBirth === '0' || birth === wantedBirth);
}

/**
 * Says on disk that the swap begins. From here on `finishSwap` brings it to its end, however often it is interrupted. The file is made and
 * never replaced: when another worker's intent is there, this one has lost its turn. @throws EEXIST
 */
export async function recordIntent(place: Place): Promise<void> {
  const intent: Intent = { staging: basename(place.staging), identity: (await identityOf(place.staging)) ?? '' };
  const handle = await open(place.intent, 'wx', 0o600);
  try {
    await handle.writeFile(JSON.stringify(intent));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await syncFolder(place.folder);
}

/** The swap that has begun here. An intent that was cut off while it was written began nothing: it is removed. */
export async function readIntent(place: Place): Promise<Intent | undefined> {
  const text = await readFile(place.intent, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const intent = parse(text);
  if (intent) return { staging: join(dirname(place.intent), basename(intent.staging)), identity: intent.identity };
  await rm(place.intent, { force: true });
  return undefined;
}

function parse(text: string): Intent | undefined {
  try {
    const found = JSON.parse(text) as Partial<Intent>;
    return typeof found.staging === 'string' && typeof found.identity === 'string' ? (found as Intent) : undefined;
  } catch {
    return undefined;
  }
}
