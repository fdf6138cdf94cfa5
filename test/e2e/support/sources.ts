import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { COMPLETE_V3, unpackFixture } from '../../../libs/deeplake/src/testing/fixtures.ts';

/** [archive, folder in it, data set id] of every complete fixture. */
export const COMPLETE: readonly (readonly [archive: string, folder: string, id: string])[] = [
  ...COMPLETE_V3.map(([archive, folder]) => [archive, folder, `${archive}${folder ? `-${folder}` : ''}`] as const),
  ['gen-v4-full', 'ds', 'gen-v4-full'],
  ...[0, 1, 2, 3, 4, 5].map((step) => ['gen-v4-series', String(step), `gen-v4-series-${step}`] as const),
  ['hub-v1-same-shapes', '', 'hub-v1'],
];

const unpacked = new Map<string, Promise<string>>();

/** The folder of an archive's data set; `folder` may be the beginning of its name. */
export async function fixtureFolder(archive: string, folder: string): Promise<string> {
  const top = unpacked.get(archive) ?? unpackFixture(archive);
  unpacked.set(archive, top);
  if (folder === '') return top;
  const name = readdirSync(await top).find((entry) => entry === folder || entry.startsWith(`${folder}-`));
  if (name === undefined) throw new Error(`${archive} holds no ${folder}`);
  return join(await top, name);
}

/** Puts a fixture's data set below the source root, times and modes kept. */
export async function place(source: string, tenant: string, id: string, [archive, folder]: readonly [string, string]): Promise<void> {
  const target = join(source, tenant, id);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(dirname(target), { recursive: true });
  cpSync(await fixtureFolder(archive, folder), target, { recursive: true, preserveTimestamps: true });
}
