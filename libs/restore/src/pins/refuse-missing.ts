import { type DatasetFormat, type Finding, inspectDataset } from '@dr/deeplake';
import type { TenantRepository } from '@dr/repository';
import { PinnedGone } from '../errors.ts';
import { isCut, type RestoreChoices } from '../options.ts';
import { amountOf, type Pins } from './find-pins.ts';

interface Missing {
  tenant: TenantRepository;
  dataset: { from: string; root: string; format: DatasetFormat };
  options: RestoreChoices;
  /** Findings that the backup has of the data set. */
  known: readonly Finding[];
}

/**
 * Files that are gone everywhere are a loss. What a reader of a live version needs must not be among them, and of an unknown layout nobody knows what a reader
 * needs, nor is one version cut out without all of its files: then nothing is restored. Only versions that were superseded may lack something; so may a part of a data set, which is chosen by its paths.
 * @throws PinnedGone
 */
export async function refuseMissing(pins: Pins, { tenant, dataset, options, known }: Missing): Promise<void> {
  if (pins.missing.length === 0 || options.paths.length > 0) return;
  if (dataset.format === 'opaque' || isCut(options) || (await breaksLive(pins, tenant, dataset, known)))
    throw new PinnedGone(dataset.from, pins);
}

/** Looks at the structure as it would be without the missing files. */
async function breaksLive(
  pins: Pins,
  tenant: TenantRepository,
  { root, format }: Missing['dataset'],
  known: readonly Finding[],
): Promise<boolean> {
  const gone = new Set(pins.missing.map(({ path }) => path));
  const files = tenant.openFiles(root);
  const view = {
    read: files.read,
    list: async function* (prefix?: string) {
      for await (const page of files.list(prefix)) yield page.filter(({ path }) => !gone.has(path));
    },
  };
  const before = new Set(known.map(({ code, path }) => `${code} ${path}`));
  const { findings } = await inspectDataset(view, { format });
  return findings.some(({ severity, code, path }) => severity === 'error' && !before.has(`${code} ${path}`));
}

/** What a restored data set lacks, in words; undefined when nothing is missing. */
export function missingIn({ missing, why }: Pins): string | undefined {
  if (missing.length === 0) return undefined;
  const { objects, bytes } = amountOf(missing);
  return `The snapshot only pinned ${objects} files of ${bytes} bytes that are gone (${why}): ${namedOf(missing)}.`;
}

const NAMED_MAX = 10;

export const namedOf = (files: readonly { path: string }[]): string =>
  files
    .slice(0, NAMED_MAX)
    .map(({ path }) => path)
    .join(', ') + (files.length > NAMED_MAX ? ` and ${files.length - NAMED_MAX} more` : '');
