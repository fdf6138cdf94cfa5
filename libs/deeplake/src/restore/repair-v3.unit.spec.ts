import { join } from 'node:path';
import { inspectDataset } from '../inspect-dataset.ts';
import { restored } from '../testing/apply-repair.ts';
import { removeTestFolders, unpackFixture } from '../testing/fixtures.ts';
import { FolderView } from '../testing/folder-view.ts';
import { MemoryView } from '../testing/memory-view.ts';
import { FIRST_COMMIT } from '../v3/paths.ts';
import { repairOnRestore } from './repair-on-restore.ts';

let full: MemoryView;
let series: MemoryView;
let uncommitted: MemoryView;
let torn: string;
let lol: MemoryView;
beforeAll(async () => {
  full = await MemoryView.of(new FolderView(await unpackFixture('gen-v3-full')));
  const steps = await unpackFixture('gen-v3-series');
  series = await MemoryView.of(new FolderView(join(steps, '5-branch-exp-plus-40')));
  uncommitted = await MemoryView.of(new FolderView(join(steps, '1-300-rows-in-place-append')));
  torn = await unpackFixture('gen-v3-torn');
  lol = await MemoryView.of(new FolderView(await unpackFixture('lol')));
});
afterAll(removeTestFolders);

const TREE = 'version_control_info.json';
const MAIN = '731f7e2c8596353a1a14ec0d025abd177656d944';
const MERGE = '14fb6ef7ecf2a7493a722deefa241b1a14cda032';
const RENAMED = '13368a7a280dbf49fbd2c536780480daa5e2739f';
const EXP = 'd73726ab3f88cf97d7b7e4e57f6536c011c9b55b';
const ON_EXP = '7edc87bc4fc64ed9a5860806b7713340eef46cb9';

/** Damages a copy, repairs it, and reads what would be restored. */
async function repair(set: MemoryView, damage: (view: MemoryView) => void = () => undefined) {
  const view = set.clone();
  damage(view);
  const known = await inspectDataset(view, { format: 'v3' });
  const plan = await repairOnRestore(view, known);
  const after = restored(view, plan, 'v3');
  const result = await inspectDataset(after, { format: 'v3', deep: true });
  return { known, plan, after, result, codes: plan.notes.map(({ code, severity }) => `${code} ${severity}`) };
}

const rowsOf = ({ branches }: { branches: readonly { name: string; rows: number }[] }) =>
  Object.fromEntries(branches.map(({ name, rows }) => [name, rows]));
const rowsAt = (report: Awaited<ReturnType<typeof inspectDataset>>, version: string) =>
  report.versions.find((v) => v.version === version)?.rows;
const cutMeta = (commit: string) => (view: MemoryView) =>
  view.edit(view.find(new RegExp(`^versions/${commit}/labels/tensor_meta.json$`)), () => new Uint8Array(0));

test.each([
  ['1-length-ahead-of-index', 1],
  ['2-index-names-unwritten-chunk', 1],
  ['3-chunk-half-written', 1],
])('gen-v3-torn/%s becomes the data set as of its last commit', async (set) => {
  const clean = await inspectDataset(new FolderView(join(torn, '0-clean-before')), { format: 'v3' });
  const { result, codes, plan } = await repair(await MemoryView.of(new FolderView(join(torn, set))));
  expect([result.findings, codes]).toEqual([[], ['R1 warning']]);
  expect(result.rows).toBe(rowsAt(clean, FIRST_COMMIT));
  expect(plan.notes[0]!.message).toContain(`("base") with ${result.rows} rows`);
});

describe('a torn head', () => {
  test('of one branch leaves the other branch with its uncommitted rows', async () => {
    const before = await inspectDataset(full, { format: 'v3' });
    const { result, codes, plan } = await repair(full, cutMeta(MAIN));
    expect([result.findings, codes]).toEqual([[], ['R1 warning']]);
    expect(rowsOf(result)).toEqual({ exp: rowsOf(before)['exp'], main: rowsAt(before, MERGE) });
    expect([...plan.leaveOut].every((path) => path.startsWith(`versions/${MAIN}/`))).toBe(true);
    expect(result.branches.map((b) => b.headVersion)).toEqual([MAIN, EXP]);
  });

  test('gets what Deep Lake’s reset writes: its parent’s metas and indexes, and empty chunk sets', async () => {
    const { after } = await repair(full, cutMeta(MAIN));
    const own = [...after.files.keys()]
      .filter((path) => path.startsWith(`versions/${MAIN}/`))
      .map((p) => p.slice(`versions/${MAIN}/`.length));
    const names = new Set(own.map((path) => path.split('/').slice(-1)[0]));
    expect(names).toEqual(
      new Set([
        'dataset_meta.json',
        'dataset_info.json',
        'commit_info.json',
        'tensor_meta.json',
        'tensor_info.json',
        'unsharded',
        'chunk_set',
      ]),
    );
    for (const path of own.filter((p) => !/(chunk_set|commit_info.json)$/.test(p)))
      expect([path, after.files.get(`versions/${MAIN}/${path}`)]).toEqual([path, after.files.get(`versions/${MERGE}/${path}`)]);
    expect(
      own
        .filter((p) => p.endsWith('chunk_set'))
        .map((p) => after.files.get(`versions/${MAIN}/${p}`)!.length)
        .every((n) => n === 0),
    ).toBe(true);
  });

  test('without its folder, as when the tree is written first, is made from its parent', async () => {
    const { result, codes } = await repair(full, (view) => {
      for (const path of [...view.files.keys()]) if (path.startsWith(`versions/${EXP}/`)) view.files.delete(path);
    });
    expect([result.findings, codes, rowsOf(result)['exp']]).toEqual([[], ['R1 warning'], rowsAt(result, ON_EXP)]);
  });

  test('whose parent is torn too goes back to the last whole commit; the torn one is dropped from the tree', async () => {
    const { result, codes, after, plan } = await repair(full, (view) => {
      cutMeta(MAIN)(view);
      cutMeta(MERGE)(view);
    });
    expect([result.findings, codes, result.headVersion]).toEqual([[], ['R1 warning'], MAIN]);
    expect([rowsOf(result)['main'], rowsAt(result, MERGE)]).toEqual([rowsAt(result, RENAMED), undefined]);
    expect([...after.files.keys()].some((path) => path.startsWith(`versions/${MERGE}/`))).toBe(false);
    expect(plan.write.map(({ path }) => path)).toEqual(expect.arrayContaining([TREE, `versions/${RENAMED}/commit_info.json`]));
    expect(JSON.parse(after.text(`versions/${MAIN}/commit_info.json`))).toMatchObject({ parent: RENAMED, commit_time: null });
  });

  test('keeps the chunks that a merge took from a commit which is dropped', async () => {
    const { result, after } = await repair(full, (view) => {
      cutMeta(EXP)(view);
      cutMeta(ON_EXP)(view);
    });
    expect([result.findings.filter((f) => f.severity === 'error'), rowsAt(result, ON_EXP)]).toEqual([[], undefined]);
    expect([...after.files.keys()].some((path) => path.startsWith(`versions/${ON_EXP}/`) && path.includes('/chunks/'))).toBe(true);
    expect([...after.files.keys()].some((path) => path.startsWith(`versions/${ON_EXP}/`) && path.endsWith('.json'))).toBe(false);
  });

  test('never settled during the capture: torn although its structure holds', async () => {
    const head = (await inspectDataset(series)).headVersion!;
    const findings = [
      { format: 'v3', code: 'W1', severity: 'error', path: `versions/${head}/text/chunks_index/unsharded`, message: 'changed' },
    ] as const;
    expect((await repairOnRestore(series, { format: 'v3', findings })).notes).toMatchObject([{ code: 'R1', path: `versions/${head}/` }]);
    const whole = [{ ...findings[0], code: 'W4', path: '' }];
    expect((await repairOnRestore(series, { format: 'v3', findings: whole })).notes).toHaveLength(2);
    const other = [{ ...findings[0], path: TREE }];
    expect((await repairOnRestore(series, { format: 'v3', findings: other })).notes).toEqual([]);
  });
});

describe('nothing to fall back to', () => {
  test('a data set that was never committed is restored as captured, and that is said', async () => {
    const { plan, codes } = await repair(uncommitted, (view) => view.edit(view.find(/^text\/chunks_index/), (b) => b.subarray(0, 9)));
    expect([plan.leaveOut.size, plan.write, codes]).toEqual([0, [], ['R2 error']]);
    expect(plan.notes[0]!.message).toMatch(/never committed.*as they were captured/);
  });

  test('nor is there when the tree is lost, or from before version control', async () => {
    const lost = await repair(series, (view) => {
      for (const path of [...view.files.keys()]) if (path === TREE || path.endsWith('commit_info.json')) view.files.delete(path);
    });
    expect([lost.plan.leaveOut.size, lost.codes]).toEqual([0, ['R2 error']]);
    const old = await repair(lol, (view) => view.edit(view.find(/tensor_meta.json$/), () => new Uint8Array(0)));
    expect([old.plan.leaveOut.size, old.codes]).toEqual([0, ['R2 error']]);
  });

  test('every commit of the branch is torn', async () => {
    const { codes } = await repair(full, (view) => {
      for (const path of [...view.files.keys()]) if (path.endsWith('labels/tensor_meta.json')) view.write(path, '');
    });
    expect(codes).toEqual(['R2 error', 'R2 error']);
  });
});

describe('the tree', () => {
  test.each([
    ['half written', (view: MemoryView) => view.edit(TREE, (bytes) => bytes.subarray(0, 200))],
    ['not there', (view: MemoryView) => void view.files.delete(TREE)],
  ])('%s is made anew from the commits', async (_, damage) => {
    const { result, codes, after } = await repair(full, damage);
    expect([result.findings, codes]).toEqual([[], ['R3 warning']]);
    const [was, is] = [full, after].map((view) => JSON.parse(view.text(TREE), (_, v) => (Array.isArray(v) ? v.sort() : v)) as unknown);
    expect(is).toEqual(was);
  });

  test('is rewritten with every field that it had, as Deep Lake writes it', async () => {
    const { after } = await repair(full, (view) => {
      cutMeta(MAIN)(view);
      cutMeta(MERGE)(view);
    });
    const nodes = after.text(TREE);
    expect(nodes).toContain(
      `"${RENAMED}": {"branch": "main", "parent": "844c9091dbfc4aa59822e98e8230700eb409de3a", "children": ["${MAIN}"]`,
    );
    expect(nodes).toContain('"commit_user_name": "public", "is_checkpoint": false, "total_samples_processed": 0}');
  });

  test('without the newest commit_info.json: the child that its parent names becomes the head', async () => {
    const { result, codes } = await repair(full, (view) => {
      view.files.delete(TREE);
      view.files.delete(`versions/${MAIN}/commit_info.json`);
    });
    expect([result.findings, codes]).toEqual([[], ['R3 warning']]);
    expect(result.headVersion).toBe(MAIN);
  });

  test('a commit_info.json that was caught half written is made anew', async () => {
    const path = `versions/${MERGE}/commit_info.json`;
    const { result, plan, after } = await repair(full, (view) => view.edit(path, (bytes) => bytes.subarray(0, 20)));
    expect([result.findings, [...plan.leaveOut]]).toEqual([[], [path]]);
    expect(JSON.parse(after.text(path))).toEqual(JSON.parse(full.text(path)));
  });
});

test('an intact set with a warning is left alone', async () => {
  const { plan, known } = await repair(full, (view) => view.write('images/chunks/abcdef', new Uint8Array(3)));
  expect(known.findings.map((f) => f.code)).toEqual(['W3']);
  expect([plan.leaveOut.size, plan.write, plan.notes]).toEqual([0, [], []]);
});
