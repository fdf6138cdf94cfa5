/** Data sets with folders that are closed even to their owner, restored by an ordinary user: root would not notice. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freshDir } from '../../../test/support/servers.ts';
import { asNobody } from '../../storage/src/testing/as-nobody.ts';
import { restoreDataset } from './restore-dataset.ts';
import { recordIntent } from './swap/intent.ts';
import { finishSwap, removeStagings } from './swap/swap.ts';
import { type Place, placeOf } from './target/place.ts';
import { removeTree } from './target/remove-tree.ts';
import { type BackedUp, backedUp, choices, folderOf } from './testing/backed-up.ts';

const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8);

let sourceRoot: string;
let placed: Place;

const placeIn = (root: string): Place => placeOf(root, { tenant: 'acme', dataset: 'set', restoreId: 'restore_1', n: 1, token: 1 });

/** Modules that the engine loads when they are first needed: an ordinary user cannot write Jest's cache of them. */
beforeAll(async () => {
  sourceRoot = freshDir('source');
  placed = placeIn(sourceRoot);
  const from = await backedUp({ set: {} });
  await restore(from);
  await from.close();
}, 60_000);

beforeEach(async () => {
  chmodSync(dirname(freshDir()), 0o777);
  await asNobody(async () => {
    sourceRoot = freshDir('source');
  });
  placed = placeIn(sourceRoot);
});

/** A data set as `chmod -R a-w` leaves it, with a file that only root could read and a folder that nobody may enter. */
function closedSet(): string {
  const root = folderOf({ 'sub/deep/file': 'x', 'sub/secret': 'y', 'shut/file': 'z' });
  chmodSync(join(root, 'sub/deep/file'), 0o444);
  for (const path of ['sub/deep', 'sub']) chmodSync(join(root, path), 0o555);
  return root;
}

const restore = (from: BackedUp) =>
  restoreDataset({
    ...from,
    dataset: from.set('set'),
    options: choices({ overwriteExisting: true }),
    place: placed,
    sourceRoot,
    signal: new AbortController().signal,
    progress: () => undefined,
    now: () => Number.MAX_SAFE_INTEGER,
    beginSwap: async () => undefined,
  });

test(
  'read-only folders come back read-only, and are replaced and removed like any other',
  () =>
    asNobody(async () => {
      const from = await backedUp({ set: closedSet() });
      for (const time of ['first', 'second']) {
        expect({ time, ...(await restore(from)) }).toMatchObject({ objects: 4, findings: [{ code: 'X1' }] });
        expect(readFileSync(join(placed.target, 'sub/deep/file'), 'utf8')).toBe('x');
        expect(['sub', 'sub/deep', 'sub/deep/file'].map((path) => modeOf(join(placed.target, path)))).toEqual(['555', '555', '444']);
        expect(readdirSync(placed.folder)).toEqual(['set']);
      }
      await from.close();
    }),
  60_000,
);

test(
  'a folder that nobody may enter was not captured, and does not keep the rest from coming back',
  () =>
    asNobody(async () => {
      const root = closedSet();
      const from = await backedUp({ set: root }, {}, (at) => chmodSync(join(at, 'shut'), 0));
      expect(await restore(from)).toMatchObject({ objects: 3, findings: [{ code: 'X1' }] });
      expect(modeOf(join(placed.target, 'shut'))).toBe('0');
      await from.close();
    }),
  60_000,
);

/** A swap that is about to remove what was in the target: a folder with a file, closed in this way. */
async function aboutToRemove(mode: number): Promise<void> {
  for (const path of [placed.target, placed.staging]) mkdirSync(join(path, 'sub'), { recursive: true });
  writeFileSync(join(placed.target, 'sub/before'), '');
  chmodSync(join(placed.target, 'sub'), mode);
  await recordIntent(placed);
}

test.each([0o555, 0o000])('a swap removes an old data set with folders of mode %o', (mode) =>
  asNobody(async () => {
    await aboutToRemove(mode);
    expect(await finishSwap(placed)).toBe('done');
    expect(readdirSync(placed.folder)).toEqual(['set']);
  }),
);

test('an old data set of somebody else stays, is told, and the swap is done all the same', async () => {
  await asNobody(() => aboutToRemove(0o755));
  mkdirSync(join(placed.target, 'of-root'), { mode: 0o755 });
  writeFileSync(join(placed.target, 'of-root/file'), '');
  await asNobody(async () => {
    const from = await backedUp({ set: closedSet() });
    const { findings } = await restore(from);
    expect(findings).toMatchObject([{ code: 'X1' }, { code: 'R9', severity: 'warning', message: expect.stringContaining(placed.old) }]);
    expect(existsSync(placed.intent)).toBe(false);
    expect(existsSync(join(placed.target, 'sub'))).toBe(true);
    await from.close();
  });
}, 60_000);

test('a staging with read-only folders that was given up is removed', () =>
  asNobody(async () => {
    mkdirSync(join(placed.staging, 'sub/deep'), { recursive: true });
    chmodSync(join(placed.staging, 'sub'), 0o555);
    await removeStagings(placed);
    expect(existsSync(placed.staging)).toBe(false);
  }));

test('removing what is not there is no error; a link goes, not what it leads to', async () => {
  await removeTree(join(sourceRoot, 'nothing'));
  expect(existsSync(sourceRoot)).toBe(true);
});
