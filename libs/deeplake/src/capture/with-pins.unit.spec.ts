/** What a snapshot need not read: the structure of a data set is told from the rest alone. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSourceFolder } from '@dr/storage';
import type { DatasetView, ListedFile } from '../dataset-view.ts';
import { inspectDataset } from '../inspect-dataset.ts';
import { removeTestFolders, testFolder, unpackFixture } from '../testing/fixtures.ts';
import { FolderView } from '../testing/folder-view.ts';
import { planCapture } from './plan-capture.ts';

afterAll(removeTestFolders);

const plan = { now: () => Date.UTC(2100, 0, 1), sleep: async () => undefined };

async function pinnedIn(root: string): Promise<Set<string>> {
  const pinned = new Set<string>();
  const { files } = await planCapture(await openSourceFolder(root), { ...plan, pins: true });
  for await (const page of files) for (const { path, pin } of page) if (pin) pinned.add(path);
  return pinned;
}

/** A folder of which some files are only known, and must not be read. */
class PinnedView implements DatasetView {
  readonly #view: DatasetView;
  readonly #pinned: ReadonlySet<string>;

  constructor(view: DatasetView, pinned: ReadonlySet<string>) {
    this.#view = view;
    this.#pinned = pinned;
  }

  async *list(prefix?: string): AsyncIterable<ListedFile[]> {
    for await (const page of this.#view.list(prefix)) yield page.map((file) => ({ ...file, pinned: this.#pinned.has(file.path) }));
  }

  read(path: string, range?: { start: number; end: number }): Promise<Uint8Array> {
    if (this.#pinned.has(path)) throw new Error(`${path} was read`);
    return this.#view.read(path, range);
  }
}

test.each([
  ['gen-v4-full', 'ds'],
  ['gen-v4-series', '5-branch-tag-compact'],
  ['gen-v3-full', ''],
  ['gen-v3-series', '5-branch-exp-plus-40'],
  ['v3-tiny', ''],
  ['lol', ''],
])('%s %s: versions, rows, branches and tags are told without a byte of data, and no check fails for it', async (archive, set) => {
  const root = join(await unpackFixture(archive), set);
  const pinned = await pinnedIn(root);
  expect(pinned.size).toBeGreaterThan(0);
  const whole = await inspectDataset(new FolderView(root));
  expect(await inspectDataset(new PinnedView(new FolderView(root), pinned))).toEqual(whole);
  expect(whole.intact).toBe(true);
});

test('most bytes of a data set are pinned, and no log, tree or meta is', async () => {
  const v4 = [...(await pinnedIn(join(await unpackFixture('gen-v4-full'), 'ds')))];
  expect(v4.filter((path) => path.startsWith('_deeplake') || path.endsWith('.json'))).toEqual([]);
  const v3 = [...(await pinnedIn(await unpackFixture('gen-v3-full')))];
  expect(v3.filter((path) => !/\/chunks\/[0-9a-f]+$|vdb_indexes/.test(path))).toEqual([]);
});

test('a file that is missing, or has not the size that a log says, is told although it would only be pinned', async () => {
  const root = join(await unpackFixture('gen-v4-torn'), '0-log-newer-than-data');
  const whole = await inspectDataset(new FolderView(root));
  const seen = await inspectDataset(new PinnedView(new FolderView(root), await pinnedIn(root)));
  expect(seen.findings.filter(({ code }) => code === 'D1')).toEqual(whole.findings.filter(({ code }) => code === 'D1'));
  expect(seen.intact).toBe(false);
});

test('of an unknown layout every file is pinned, and no folder', async () => {
  const root = await testFolder();
  mkdirSync(join(root, 'deep'));
  writeFileSync(join(root, 'deep', 'a'), 'a');
  writeFileSync(join(root, 'meta.json'), '{}');
  expect([...(await pinnedIn(root))].sort()).toEqual(['deep/a', 'meta.json']);
});

test('nobody else gets the marks', async () => {
  const { files } = await planCapture(await openSourceFolder(await unpackFixture('v3-tiny')), plan);
  for await (const page of files) for (const file of page) expect(file.pin).toBeUndefined();
});
