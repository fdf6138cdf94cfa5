import { dirname, join } from 'node:path';
import { DEFAULT_TENANT, detectFormat, isDatasetId, isTenantName } from '@dr/deeplake';
import { openSourceFolder } from '@dr/storage';
import { BadPlace } from '../errors.ts';
import { entryAt, exists } from './entries.ts';

/** Where one data set of a restore goes, and the names that are used on the way, all on one file system. Absolute paths. */
export interface Place {
  /** How messages call the target. */
  name: string;
  /** Our own names lie here. The tenant's folder, or the source root for a set of tenant `default` that lies directly below it. */
  folder: string;
  target: string;
  /** Filled and checked first; discovery skips `.dr-*`. Its last part is the token, so that no worker ever meets another one's. */
  staging: string;
  /** The data set that was there before, until the new one stands. */
  old: string;
  /** Says that the swap has begun, and with which staging: whoever finds it finishes the swap. */
  intent: string;
}

export interface At {
  tenant: string;
  dataset: string;
  restoreId: string;
  n: number;
  /** The fencing token of the worker's claim. */
  token: number;
  /** Where it lay when it was captured, below the source root; absent: not known. */
  captured?: string;
  /** How messages call the target; default `<tenant>/<data set>`, so that the disk's layout is nobody's business. */
  shown?: string;
}

/** @throws BadPlace */
export function placeOf(sourceRoot: string, at: At): Place {
  if (!isTenantName(at.tenant) || !isDatasetId(at.dataset)) throw new BadPlace(at.tenant, at.dataset);
  return placeIn(join(sourceRoot, at.tenant), at);
}

/** The place in a folder that holds the data sets of a tenant. */
export function placeIn(folder: string, { tenant, dataset, restoreId, n, token, shown }: At): Place {
  const ours = `${restoreId}-${n}`;
  return {
    name: shown ?? `${tenant}/${dataset}`,
    folder,
    target: join(folder, dataset),
    staging: join(folder, `.dr-${ours}-${token}`),
    old: join(folder, `.dr-old-${ours}`),
    intent: join(folder, `.dr-intent-${ours}`),
  };
}

/**
 * As `placeOf`, but a set of tenant `default` that lies directly under the source root is replaced there, and not shadowed by a copy below
 * `default/`; one that lay there and is gone comes back there, under its own name. @throws BadPlace, TargetUnreadable
 */
export async function findPlace(sourceRoot: string, at: At): Promise<Place> {
  const usual = placeOf(sourceRoot, at);
  if (at.tenant !== DEFAULT_TENANT || at.dataset.includes('/') || (await exists(usual.target))) return usual;
  const rootLevel = placeIn(sourceRoot, at);
  const isThere = (await exists(rootLevel.intent)) || (await isDataset(rootLevel.target));
  const wasThere = at.captured === at.dataset && !(await exists(rootLevel.target));
  return isThere || wasThere ? rootLevel : usual;
}

async function isDataset(folder: string): Promise<boolean> {
  if (!(await entryAt(folder))?.isDirectory()) return false;
  return (await detectFormat(await openSourceFolder(folder))) !== 'opaque';
}

/** The nearest folder above `path`, or `path` itself, that is there. */
export async function standingFolder(path: string): Promise<string> {
  let at = path;
  while (!(await entryAt(at))?.isDirectory() && dirname(at) !== at) at = dirname(at);
  return at;
}
