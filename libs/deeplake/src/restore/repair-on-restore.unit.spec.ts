import { inspectDataset } from '../inspect-dataset.ts';
import { restored } from '../testing/apply-repair.ts';
import { removeTestFolders } from '../testing/fixtures.ts';
import { MemoryView } from '../testing/memory-view.ts';
import { column, MAIN, rows, V4Builder, withFiles } from '../testing/v4-builder.ts';
import { repairOnRestore } from './repair-on-restore.ts';

afterAll(removeTestFolders);

test('a data set without findings is restored as it was captured, and nothing is read for that', async () => {
  for (const format of ['v3', 'v4', 'opaque'] as const) {
    const view = new MemoryView();
    const repair = await repairOnRestore(view, { format, findings: [] });
    expect([[...repair.leaveOut], repair.write, repair.notes, view.reads]).toEqual([[], [], [], []]);
  }
});

test('an opaque data set has nothing that could be repaired', async () => {
  const findings = [{ format: 'opaque', code: 'W1', severity: 'error', path: 'x', message: 'changed' }] as const;
  expect((await repairOnRestore(new MemoryView(), { format: 'opaque', findings })).leaveOut.size).toBe(0);
});

describe('v4', () => {
  const set = () =>
    new V4Builder().log('0000000001m00000000', column(1)).log('0000000002m00000000', rows(1, 10)).log('0000000003m00000000', rows(2, 5));
  const LOG = `_deeplake_log/${MAIN}`;
  const COMPACTION = `${LOG}/0000000003o00000001.jsonl`;

  async function repair(view: MemoryView) {
    const known = await inspectDataset(view, { format: 'v4' });
    const plan = await repairOnRestore(view, known);
    const result = await inspectDataset(restored(view, plan, 'v4'), { format: 'v4' });
    return { known, plan, result, codes: plan.notes.map(({ code, severity }) => `${code} ${severity}`) };
  }

  test('an empty compaction is left out: what it hid is there again', async () => {
    const view = withFiles(set());
    view.write(COMPACTION, '');
    const { known, plan, result, codes } = await repair(view);
    expect([known.rows, [...plan.leaveOut], codes]).toEqual([0, [COMPACTION], ['R4 warning']]);
    expect([result.rows, result.intact]).toEqual([15, true]);
  });

  test('a broken compaction stays when a commit that it replaces is missing', async () => {
    const view = withFiles(set());
    view.write(COMPACTION, '');
    view.files.delete(`${LOG}/0000000002m00000000.jsonl`);
    const { plan, codes } = await repair(view);
    expect([plan.leaveOut.size, codes]).toEqual([0, ['R5 error']]);
    expect(plan.notes[0]!.message).toContain('commit 2');
  });

  test('a compaction whose name covers everything does not keep us looking', async () => {
    const view = withFiles(set());
    view.write(`${LOG}/9999999999o00000001.jsonl`, '');
    expect((await repair(view)).codes).toEqual(['R5 error']);
  });

  test('the newest commit, half written, is left out and its number is free again', async () => {
    const view = withFiles(set());
    view.edit(`${LOG}/0000000003m00000000.jsonl`, (bytes) => bytes.subarray(0, 90));
    const { plan, result, codes } = await repair(view);
    expect([[...plan.leaveOut], codes]).toEqual([[`${LOG}/0000000003m00000000.jsonl`], ['R6 warning']]);
    expect([result.rows, result.intact]).toEqual([10, true]);
    expect(restored(view, plan, 'v4').files.get(`${LOG}/next_base`)![0]).toBe(3);
  });

  test('a broken commit in the middle, or one that a tag names, is not repaired', async () => {
    const middle = withFiles(set());
    middle.edit(`${LOG}/0000000002m00000000.jsonl`, (bytes) => bytes.subarray(0, 90));
    expect((await repair(middle)).plan).toMatchObject({ leaveOut: new Set(), notes: [] });
    const createTag = { id: 't', name: 't', branch_id: MAIN, message: '', version: '0000000003m00000000' };
    const tagged = withFiles(set().meta('0000000002m00000000', { createTag }));
    tagged.edit(`${LOG}/0000000003m00000000.jsonl`, (bytes) => bytes.subarray(0, 90));
    expect((await repair(tagged)).codes).toEqual(['R5 error']);
  });

  test('other damage is none of its business', async () => {
    const view = withFiles(set());
    view.files.delete('col1/2');
    expect((await repair(view)).plan).toMatchObject({ leaveOut: new Set(), write: [], notes: [] });
  });
});
