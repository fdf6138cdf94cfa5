import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unpackTarGz } from './untar.ts';

/** Where the archives lie: test/fixtures of the checkout. */
export const FIXTURES = fileURLToPath(new URL('../../../../test/fixtures/', import.meta.url));

/** Archives of data sets that are complete, and where in them the data sets lie. */
export const COMPLETE_V3: readonly (readonly [archive: string, folder: string])[] = [
  ['gen-v3-full', ''],
  ...[
    '0-first-150-rows',
    '1-300-rows-in-place-append',
    '2-after-commit',
    '3-450-rows-in-new-commit',
    '4-one-update-one-pop',
    '5-branch-exp-plus-40',
  ].map((step) => ['gen-v3-series', step] as const),
  ['gen-v3-torn', '0-clean-before'],
  ['v3-tiny', ''],
  ['lol', ''],
  ['hub-2.3-xyz', ''],
  ['hub-old-meta', ''],
];

const folders: string[] = [];

/** A fresh folder that `removeTestFolders` takes away. */
export async function testFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dr-deeplake-'));
  folders.push(folder);
  return folder;
}

/** Unpacks `test/fixtures/<name>.tar.gz` into a fresh folder. @returns the folder that the archive holds at its top. */
export async function unpackFixture(name: string): Promise<string> {
  const folder = await testFolder();
  await unpackTarGz(await readFile(join(FIXTURES, `${name}.tar.gz`)), folder);
  return join(folder, name);
}

/** Call in afterAll of every spec that unpacks fixtures. */
export async function removeTestFolders(): Promise<void> {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
}
