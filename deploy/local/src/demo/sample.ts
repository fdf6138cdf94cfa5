/** The data sets of the first start: a Deep Lake 4 and a Deep Lake 3 one, written by the real client. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { untar } from './untar.ts';

export const demoTenant = 'demo';

const samples = [
  { datasetId: 'articles-v4', archive: 'gen-v4-full.tar.gz', folder: 'gen-v4-full/ds' },
  { datasetId: 'vectors-v3', archive: 'v3-tiny.tar.gz', folder: 'v3-tiny' },
];

export const demoDatasets = samples.map((s) => s.datasetId);

/** Whether the source root is absent or empty: the sample goes nowhere else, and never among somebody's own data. */
export function isUnused(sourceRoot: string): boolean {
  return !existsSync(sourceRoot) || readdirSync(sourceRoot).length === 0;
}

/** Unpacks the sample to `<sourceRoot>/demo`; there completely or not at all. Does nothing when it is there. */
export function makeSample(fixtures: string, sourceRoot: string): void {
  const target = join(sourceRoot, demoTenant);
  if (existsSync(target)) return;
  const staging = join(sourceRoot, '.dr-sample');
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  for (const { datasetId, archive, folder } of samples) untar(join(fixtures, archive), folder, join(staging, datasetId));
  renameSync(staging, target);
}
