import { lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Place } from './place.ts';

/** lstat says something is there, link or not. */
export async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

/** Makes what was renamed or created in a folder survive a power failure. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Says on disk that the swap begins. From here on `finishSwap` brings it to its end, however often it is interrupted. */
export async function recordIntent({ intent, tenantFolder }: Place): Promise<void> {
  const handle = await open(intent, 'w', 0o600);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  await syncFolder(tenantFolder);
}

/**
 * Target → old, staging → target, then the old one and the intent go. Each step looks at what is there, so a restart after a kill at any
 * moment goes on where it stopped: the target is the old data set or the new one, never a mixture.
 */
export async function finishSwap(place: Place): Promise<void> {
  const { target, staging, old, intent, tenantFolder } = place;
  if (await exists(staging)) {
    if (!(await exists(old)) && (await exists(target))) await rename(target, old);
    await mkdir(dirname(target), { recursive: true });
    await rename(staging, target);
  }
  await syncFolder(dirname(target));
  await syncFolder(tenantFolder);
  await rm(old, { recursive: true, force: true });
  await rm(intent, { force: true });
  await syncFolder(tenantFolder);
}
