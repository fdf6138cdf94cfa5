import { join } from 'node:path';
import { isGoodName, isOwnFolder } from '@dr/deeplake';
import { DrError } from '@dr/storage';

/** Where one data set of a restore goes, and the names that are used on the way, all on one file system. Absolute paths. */
export interface Place {
  tenantFolder: string;
  target: string;
  /** Filled and checked first; discovery skips `.dr-*`. */
  staging: string;
  /** The data set that was there before, until the new one stands. */
  old: string;
  /** Says that the swap has begun: whoever finds it finishes the swap. */
  intent: string;
}

/** A name that would lead out of the tenant's folder, or into our own names. */
export class BadPlace extends DrError {
  readonly code = 'restore.bad_target';
  constructor(tenant: string, dataset: string) {
    super(
      `${tenant}/${dataset} cannot be a restore target: names must not be empty, '.', '..' or begin with '.dr-', and hold no control characters.`,
    );
  }
}

/** @throws BadPlace */
export function placeOf(sourceRoot: string, at: { tenant: string; dataset: string; restoreId: string; n: number }): Place {
  const parts = [at.tenant, ...at.dataset.split('/')];
  if (at.tenant.includes('/') || !parts.every(isSafeName)) throw new BadPlace(at.tenant, at.dataset);
  const tenantFolder = join(sourceRoot, at.tenant);
  const ours = `${at.restoreId}-${at.n}`;
  return {
    tenantFolder,
    target: join(tenantFolder, at.dataset),
    staging: join(tenantFolder, `.dr-${ours}`),
    old: join(tenantFolder, `.dr-old-${ours}`),
    intent: join(tenantFolder, `.dr-intent-${ours}`),
  };
}

const NAME_BYTES_MAX = 255;

function isSafeName(name: string): boolean {
  return isGoodName(name) && !isOwnFolder(name) && Buffer.byteLength(name) <= NAME_BYTES_MAX;
}
