import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DamagedStore, flipAt, gone } from './testing/damage.ts';
import { contentsOf, removeFolders, temporaryFolder } from './testing/folders.ts';
import { manifestOf, reopened } from './testing/opened.ts';
import { publishPlan, scopeOf } from './testing/publish-plan.ts';
import { CHUNK, everyPieceUpdated, FIRST, rowsUpdated, SECOND, THIRD, UpdatedChunks } from './testing/updated-chunks.ts';
import type { CapturedTree, PieceId, VerifyLevel } from './types.ts';

let set: UpdatedChunks;

beforeEach(async () => {
  set = await new UpdatedChunks().open();
});
afterEach(() => set.repository.close());
afterAll(removeFolders);

async function restored(root: PieceId, tenant = set.tenant): Promise<Record<string, string>> {
  const target = join(temporaryFolder(), 'back');
  await tenant.restore(root, target);
  return contentsOf(target);
}

const verified = async (id: string, level: VerifyLevel, tenant = set.tenant) => tenant.verify(id, { level });

describe('a chunk that a later commit updates', () => {
  test('takes what was replaced: its changed pieces are deltas of the chunk before, read from the source', async () => {
    const first = await set.backUp('backup_1', undefined, 'full');
    set.write({ [SECOND]: rowsUpdated() });
    const second = await set.backUp('backup_2', first.tree);
    expect(await set.written('backup_2')).toEqual({ deltas: 3, full: 0 });
    expect(second.tree.newBytes).toBeGreaterThan(3 * 16_000);
    // 2.4 KB, and 0.8 KB for each further page of the tree: its ends follow the tenant's key.
    expect(second.tree.storedBytes).toBeLessThan(4000);
    expect(await restored(second.tree.root)).toEqual(contentsOf(set.root));
    expect(Buffer.compare(await set.tenant.readFile(second.tree.root, SECOND), rowsUpdated())).toBe(0);
    for (const level of ['quick', 'full'] as const) expect(await verified('backup_2', level)).toMatchObject({ ok: true, objects: 3 });
  });

  test('is a delta of what the last backup has when the chunk before is gone from the source', async () => {
    const first = await set.backUp('backup_1', undefined, 'full');
    set.write({ [SECOND]: rowsUpdated() });
    rmSync(join(set.root, FIRST));
    const second = await set.backUp('backup_2', first.tree);
    expect(await set.written('backup_2')).toEqual({ deltas: 3, full: 0 });
    expect(await restored(second.tree.root)).toEqual(contentsOf(set.root));
    expect(await verified('backup_2', 'full')).toMatchObject({ ok: true, objects: 2 });
  });

  test('is a delta of its own form in the last backup when it was written in place', async () => {
    const first = await set.backUp('backup_1', undefined, 'full');
    set.write({ [FIRST]: Buffer.concat([rowsUpdated(), CHUNK.subarray(0, 5000)]) });
    const second = await set.backUp('backup_2', first.tree);
    expect(await set.written('backup_2')).toEqual({ deltas: 3, full: 1 });
    expect(await restored(second.tree.root)).toEqual(contentsOf(set.root));
  });

  test('rests on what the repository holds where the chunk before was written since; one whose rows were shifted too', async () => {
    const first = await set.backUp('backup_1', undefined, 'full');
    set.write({ [FIRST]: rowsUpdated(CHUNK, 5), [SECOND]: rowsUpdated(CHUNK, 10) });
    const second = await set.backUp('backup_2', first.tree);
    const { deltas, full } = await set.written('backup_2');
    expect(deltas).toBe(6);
    expect(full).toBe(0);
    expect(await restored(second.tree.root)).toEqual(contentsOf(set.root));
    set.write({ [THIRD]: CHUNK.subarray(4096) });
    const third = await set.backUp('backup_3', second.tree);
    expect((await set.written('backup_3')).deltas).toBeGreaterThan(15);
    expect(await restored(third.tree.root)).toEqual(contentsOf(set.root));
  });

  test('rests on a full copy, however often it is updated: a delta of a delta is never written', async () => {
    const first = await set.backUp('backup_1', undefined, 'full');
    set.write({ [SECOND]: rowsUpdated() });
    const second = await set.backUp('backup_2', first.tree);
    set.write({ [THIRD]: rowsUpdated(rowsUpdated(), 7) });
    const third = await set.backUp('backup_3', second.tree);
    expect(await set.written('backup_3')).toEqual({ deltas: 3, full: 0 });
    const { pieces } = await set.index();
    pieces.forEach((_, __, base) => {
      if (base) expect([...pieces.locations(base)].map((location) => location.base)).toEqual([undefined]);
    });
    expect(await restored(third.tree.root)).toEqual(contentsOf(set.root));
  });

  test('in the same backup as the chunk that it updates is stored in full: what is not durable yet is no base', async () => {
    set.write({ [SECOND]: rowsUpdated() });
    await set.backUp('backup_1');
    expect(await set.written('backup_1')).toEqual({ deltas: 0, full: 23 });
  });

  test('is no delta without compression, whose lengths would tell what changed', async () => {
    await set.repository.close();
    set = await new UpdatedChunks().open({ compressionLevel: 0 });
    const first = await set.backUp('backup_1', undefined, 'full');
    set.write({ [SECOND]: rowsUpdated() });
    await set.backUp('backup_2', first.tree);
    expect(await set.written('backup_2')).toEqual({ deltas: 0, full: 3 });
  });
});

describe('a session that is taken over', () => {
  async function diedAfterFlush(): Promise<CapturedTree> {
    const first = await set.backUp('backup_1', undefined, 'full');
    set.write({ [SECOND]: rowsUpdated() });
    const session = await set.tenant.session('backup_2', { type: 'incremental' });
    await session.capture({ datasetId: 'set', root: set.root, files: set.files(), bases: [first.tree.root] });
    await session.flush();
    await session.close();
    return first.tree;
  }

  test('counts the deltas that it stored', async () => {
    const first = await diedAfterFlush();
    const second = await set.backUp('backup_2', first);
    expect(second.tree.storedBytes).toBe(0);
    expect(await set.written('backup_2')).toEqual({ deltas: 3, full: 0 });
    expect(await restored(second.tree.root)).toEqual(contentsOf(set.root));
  });

  test('finds those whose pack no segment names yet, bases included', async () => {
    const first = await diedAfterFlush();
    for (const { key, session } of (await set.index()).segments.values()) if (session === 'backup_2') await set.store.delete(key);
    const second = await set.backUp('backup_2', first);
    expect(second.tree.storedBytes).toBe(0);
    expect(await set.written('backup_2')).toEqual({ deltas: 3, full: 0 });
    expect(await restored(second.tree.root)).toEqual(contentsOf(set.root));
  });

  test('stores again in full what rests on a base that a plan has named since', async () => {
    const first = await diedAfterFlush();
    const victims = await set.packsOf('backup_1');
    await publishPlan(set.store, await scopeOf(set.store, set.repository.id), { n: 1, victims: victims.map(({ name }) => name) });
    const second = await set.backUp('backup_2', first);
    expect(await set.written('backup_2')).toEqual({ deltas: 3, full: 23 });
    for (const { key } of victims) await set.store.delete(key);
    expect(await restored(second.tree.root)).toEqual(contentsOf(set.root));
    expect(await verified('backup_2', 'full')).toMatchObject({ ok: true });
  });
});

test('a base that is lost before the commit keeps the backup from being committed, though nothing else of its pack is needed', async () => {
  const first = await set.backUp('backup_1', undefined, 'full');
  set.write({ [SECOND]: everyPieceUpdated() });
  rmSync(join(set.root, FIRST));
  const session = await set.tenant.session('backup_2', { type: 'incremental' });
  const tree = await session.capture({ datasetId: 'set', root: set.root, files: set.files(), bases: [first.tree.root] });
  for (const { key } of await set.packsOf('backup_1')) await set.store.delete(key);
  await expect(session.commit(manifestOf('backup_2', [tree], 'incremental'))).rejects.toMatchObject({
    code: expect.stringMatching(/commit_incomplete/),
  });
  await session.close();
});

describe('a full', () => {
  test('writes no delta, and stores again what has only a delta copy', async () => {
    const first = await set.backUp('backup_1', undefined, 'full');
    set.write({ [SECOND]: rowsUpdated() });
    const second = await set.backUp('backup_2', first.tree);
    set.write({ [THIRD]: rowsUpdated(CHUNK, 9) });
    const third = await set.backUp('backup_3', second.tree, 'full');
    expect(await set.written('backup_3')).toEqual({ deltas: 0, full: 6 });
    const next = await set.backUp('backup_4', third.tree);
    expect(await set.written('backup_4')).toEqual({ deltas: 0, full: 0 });
    for (const { key } of await set.packsOf('backup_2')) await set.store.delete(key);
    expect(await restored(next.tree.root)).toEqual(contentsOf(set.root));
  });
});

describe('a plan that names the pack of a base', () => {
  async function condemned() {
    const first = await set.backUp('backup_1', undefined, 'full');
    set.write({ [SECOND]: rowsUpdated() });
    const second = await set.backUp('backup_2', first.tree);
    const victims = (await set.packsOf('backup_1')).map(({ name }) => name);
    await publishPlan(set.store, await scopeOf(set.store, set.repository.id), { n: 1, victims });
    return second;
  }

  test('keeps nobody from reading the deltas that rest on it', async () => {
    const { tree } = await condemned();
    expect(await restored(tree.root)).toEqual(contentsOf(set.root));
    expect(await verified('backup_2', 'full')).toMatchObject({ ok: true });
  });

  test('makes base and deltas absent for new backups: both are stored again, and nothing new rests on it', async () => {
    const { tree } = await condemned();
    set.write({ [THIRD]: rowsUpdated(CHUNK, 11) });
    const third = await set.backUp('backup_3', tree);
    expect(await set.written('backup_3')).toEqual({ deltas: 0, full: 26 });
    for (const id of ['backup_1', 'backup_2']) for (const { key } of await set.packsOf(id)) await set.store.delete(key);
    expect(await restored(third.tree.root)).toEqual(contentsOf(set.root));
  });
});

test('a chunk that did not change is read again when what its deltas rest on is named by a plan', async () => {
  const first = await set.backUp('backup_1', undefined, 'full');
  set.write({ [SECOND]: everyPieceUpdated() });
  rmSync(join(set.root, FIRST));
  const second = await set.backUp('backup_2', first.tree);
  expect(await set.written('backup_2')).toEqual({ deltas: 20, full: 0 });
  expect((await set.backUp('backup_3', second.tree)).tree).toMatchObject({ takenOver: 2, newBytes: 0 });
  const victims = await set.packsOf('backup_1');
  await publishPlan(set.store, await scopeOf(set.store, set.repository.id), { n: 1, victims: victims.map(({ name }) => name) });
  const fourth = await set.backUp('backup_4', second.tree);
  expect(fourth.tree.takenOver).toBe(1);
  expect(await set.written('backup_4')).toEqual({ deltas: 0, full: 20 });
  for (const { key } of victims) await set.store.delete(key);
  expect(await restored(fourth.tree.root)).toEqual(contentsOf(set.root));
});

describe('damage', () => {
  async function damagedBase(): Promise<{ store: DamagedStore; base: string; delta: string; tree: PieceId }> {
    const first = await set.backUp('backup_1', undefined, 'full');
    set.write({ [SECOND]: rowsUpdated() });
    const { tree } = await set.backUp('backup_2', first.tree);
    const [base, delta] = [(await set.packsOf('backup_1'))[0]!.key, (await set.packsOf('backup_2'))[0]!.key];
    return { store: new DamagedStore(set.store), base, delta, tree: tree.root };
  }

  test.each([
    ['a changed byte', flipAt(500)],
    ['its loss', gone],
  ])('to the pack of a base, %s, is told for every file that needs it', async (_, damage) => {
    const { store, base, tree } = await damagedBase();
    store.show(base, damage);
    const opened = await reopened(store, 'read');
    const tenant = await opened.tenant('acme');
    const report = await verified('backup_2', 'full', tenant);
    expect(report.findings.map(({ object }) => object)).toEqual([base]);
    expect([...report.findings[0]!.paths].sort()).toEqual([`set/${FIRST}`, `set/${SECOND}`]);
    expect(report.objects).toBe(1);
    await expect(restored(tree, tenant)).rejects.toMatchObject({ code: 'repository.damaged', object: base });
    await expect(tenant.readFile(tree, SECOND)).rejects.toThrow(base);
    await opened.close();
  });

  test('to the pack of a delta hits the file with the delta only', async () => {
    const { store, delta, tree } = await damagedBase();
    for (const damage of [flipAt(500), gone]) {
      store.show(delta, damage);
      const opened = await reopened(store, 'read');
      const tenant = await opened.tenant('acme');
      const report = await verified('backup_2', 'full', tenant);
      expect(report.findings.map(({ object, paths }) => [object, paths])).toContainEqual([delta, [`set/${SECOND}`]]);
      expect(report.findings.every(({ object }) => object === delta)).toBe(true);
      await expect(restored(tree, tenant)).rejects.toMatchObject({ object: delta, paths: [SECOND] });
      expect(Buffer.compare(await tenant.readFile(tree, FIRST), CHUNK)).toBe(0);
      await opened.close();
    }
  });

  test('that leaves the store listing whole packs is found by a quick verification only where footers are; a missing base always', async () => {
    const { store, base } = await damagedBase();
    store.show(base, gone);
    const opened = await reopened(store, 'read');
    const report = await verified('backup_2', 'quick', await opened.tenant('acme'));
    expect(report.findings).toMatchObject([{ object: base, kind: 'missing', pathsTotal: 2 }]);
    await opened.close();
  });

  test('to a base with another full copy is got round', async () => {
    const { base, tree } = await damagedBase();
    const full = await set.backUp('backup_3', undefined, 'full');
    await set.store.delete(base);
    await set.backUp('backup_4', full.tree, 'full');
    expect(await restored(tree)).toEqual(contentsOf(set.root));
  });

  test('to the segment that knows the base leaves the deltas without one: told for their files', async () => {
    const { tree } = await damagedBase();
    const segment = [...(await set.index()).segments.values()].find(({ session }) => session === 'backup_1')!.key;
    await set.store.delete(segment);
    const opened = await reopened(set.store, 'read');
    const tenant = await opened.tenant('acme');
    const report = await verified('backup_2', 'full', tenant);
    expect(report.findings.flatMap(({ paths }) => paths)).toContain(`set/${SECOND}`);
    await expect(tenant.restore(tree, join(temporaryFolder(), 'back'))).rejects.toMatchObject({
      code: expect.stringMatching(/piece_unresolved|damaged/),
    });
    await opened.close();
  });
});
