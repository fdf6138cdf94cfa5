/** What is listed while nobody can read yet, and which listings count when somebody does. */
import { readdirSync } from 'node:fs';
import { appendFile, mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { openSourceFolder, type SourceFolder } from '@dr/storage';
import { removeTestFolders, testFolder, unpackFixture } from '../testing/fixtures.ts';
import { planCapture } from './plan-capture.ts';
import type { CapturePlan, PlannedFile } from './planned-file.ts';

afterAll(removeTestFolders);

const NOW = Date.UTC(2030, 0, 1);

async function sourceOf(files: Record<string, string>): Promise<string> {
  const root = await testFolder();
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
    await utimes(join(root, path), NOW / 1000 - 60, NOW / 1000 - 60);
  }
  return root;
}

/** Counts the listings of the whole folder; `before` runs ahead of each, with its number. */
async function counted(root: string, before: (listing: number) => Promise<unknown> = async () => {}) {
  const folder = await openSourceFolder(root);
  const seen = { listings: 0, ended: 0 };
  const list: SourceFolder['list'] = async function* (prefix, onUnreadable) {
    try {
      if (!prefix) await before(++seen.listings);
      yield* folder.list(prefix, onUnreadable);
    } finally {
      if (!prefix) seen.ended++;
    }
  };
  const watched = new Proxy(folder, {
    get: (target, name) => {
      if (name === 'list') return list;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { folder: watched, seen };
}

const planOf = (folder: SourceFolder): Promise<CapturePlan> => planCapture(folder, { now: () => NOW, sleep: () => turn() });

/** Until so many listings of the whole folder have ended, and what follows from them. */
async function settled(seen: { ended: number }, listings: number): Promise<void> {
  while (seen.ended < listings) await turn();
  for (let i = 0; i < 10; i++) await turn();
}

/** Reads a plan as the engine does. @returns the paths of each stretch between two barriers. */
async function stretches(plan: CapturePlan, onPage: (page: PlannedFile[]) => unknown = () => {}): Promise<string[][]> {
  const found: string[][] = [[]];
  for await (const page of plan.files) {
    if (page.length === 0) found.push([]);
    await onPage(page);
    found.at(-1)!.push(...page.map(({ path, kind }) => (kind === 'gone' ? `-${path}` : path)));
  }
  return found;
}

const FILES = { a: 'a', 'b/c': 'c', 'b/d': 'd' };
const ALL = ['a', 'b', 'b/c', 'b/d'];

describe('two listings ahead that show the same', () => {
  test('are all that a capture needs which read nothing', async () => {
    const { folder, seen } = await counted(await sourceOf(FILES));
    const plan = await planOf(folder);
    plan.listAhead(() => true);
    await settled(seen, 2);
    expect(await stretches(plan)).toEqual([ALL, []]);
    expect([seen.listings, plan.notes.unsettled]).toEqual([2, undefined]);
  });

  test('are followed by another one where something was read, which finds what was written meanwhile', async () => {
    const root = await sourceOf(FILES);
    const { folder, seen } = await counted(root, (listing) => (listing === 3 ? appendFile(join(root, 'a'), 'more') : turn()));
    const plan = await planOf(folder);
    let read = false;
    plan.listAhead(() => !read);
    await settled(seen, 2);
    const found = await stretches(plan, () => {
      read = true;
    });
    expect(found.slice(0, 2)).toEqual([ALL, ['a']]);
    expect(seen.listings).toBeGreaterThan(3);
  });

  test('have the digest that a later listing of the same has', async () => {
    const root = await sourceOf(FILES);
    const digests: string[] = [];
    for (const ahead of [true, false]) {
      const { folder, seen } = await counted(root);
      const plan = await planOf(folder);
      if (ahead) plan.listAhead(() => true);
      if (ahead) await settled(seen, 2);
      await stretches(plan);
      digests.push(plan.notes.listing);
    }
    expect(digests[0]).toBe(digests[1]);
  });
});

describe('the second listing ahead does not count', () => {
  const changes: Record<string, (root: string) => Promise<unknown>> = {
    'a file was written': (root) => appendFile(join(root, 'a'), 'more'),
    'a file came': (root) => writeFile(join(root, 'e'), 'e'),
    'a file went': (root) => rm(join(root, 'b/c')),
    'a link came': (root) => symlink('a', join(root, 'l')),
    'a folder got other times': (root) => utimes(join(root, 'b'), 1, 1),
  };

  test.each(Object.keys(changes))('when meanwhile %s', async (change) => {
    const root = await sourceOf(FILES);
    const { folder, seen } = await counted(root, async (listing) => listing === 2 && changes[change]!(root));
    const plan = await planOf(folder);
    plan.listAhead(() => true);
    await settled(seen, 2);
    const found = await stretches(plan);
    expect(seen.listings).toBeGreaterThan(2);
    expect(found.slice(1).flat()).not.toEqual([]);
  });

  test('when a file is so young that its times prove nothing', async () => {
    const { folder, seen } = await counted(await sourceOf(FILES));
    const plan = await planCapture(folder, { now: () => Date.now() - 1000, sleep: () => turn() });
    plan.listAhead(() => true);
    await settled(seen, 1);
    expect((await stretches(plan))[1]).toEqual(['a', 'b/c', 'b/d']);
  });

  test('and is not ended once somebody reads', async () => {
    const reading = Promise.withResolvers<void>();
    const { folder, seen } = await counted(await sourceOf(FILES), (listing) => (listing === 2 ? reading.promise : turn()));
    const plan = await planOf(folder);
    plan.listAhead(() => true);
    await settled(seen, 1);
    const found = stretches(plan);
    reading.resolve();
    expect((await found)[0]).toEqual(ALL);
    expect(seen.listings).toBe(3);
  });
});

test.each([
  ['gen-v3-series', '5-branch-exp-plus-40', 2],
  ['gen-v4-full', 'ds', 1],
  ['gen-v4-series', '5-branch-tag-compact', 1],
])(
  '%s %s: the plan is the same ahead, whole before its first reader comes, and barriers stand where they stood',
  async (archive, set, listings) => {
    const root = join(await unpackFixture(archive), set);
    const plain = await stretches(await planOf(await openSourceFolder(root)));
    const { folder, seen } = await counted(root);
    const plan = await planOf(folder);
    plan.listAhead(() => true);
    await settled(seen, listings);
    expect(await stretches(plan)).toEqual(plain);
    expect(seen.listings).toBe(listings);
  },
);

test('a v4 set that is removed after it was listed is not taken for a whole one', async () => {
  const root = join(await unpackFixture('gen-v4-full'), 'ds');
  const { folder, seen } = await counted(root);
  const plan = await planOf(folder);
  plan.listAhead(() => true);
  await settled(seen, 1);
  await rm(join(root, '_deeplake_log/_meta'), { recursive: true });
  await stretches(plan);
  expect(plan.notes.replaced).toBe(true);
});

test('what listing ahead throws, the reader gets', async () => {
  const root = await sourceOf(FILES);
  const { folder, seen } = await counted(root, () => rm(root, { recursive: true, force: true }));
  const plan = await planOf(folder);
  plan.listAhead(() => true);
  await settled(seen, 1);
  await expect(stretches(plan)).rejects.toMatchObject({ code: 'source.missing' });
});

test('a plan that nobody reads lets go of the folders that it has open', async () => {
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`d${i}/f`, 'x']));
  const { folder } = await counted(await sourceOf(many));
  const open = () => readdirSync('/proc/self/fd').length;
  const before = open();
  const plan = await planOf(folder);
  plan.listAhead(() => true);
  await plan.close();
  expect(open()).toBe(before);
});
