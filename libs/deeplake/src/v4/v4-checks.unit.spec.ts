import { chunkBytes } from '../testing/chunk-bytes.ts';
import { removeTestFolders, unpackFixture } from '../testing/fixtures.ts';
import { FolderView } from '../testing/folder-view.ts';
import { sizedLz4 } from '../testing/lz4-encode.ts';
import { MemoryView } from '../testing/memory-view.ts';
import { column, deleted, MAIN, rowId, rows, V4Builder, withFiles } from '../testing/v4-builder.ts';
import { inspectV4 } from './inspect-v4.ts';

let whole: MemoryView;
beforeAll(async () => {
  whole = await MemoryView.of(new FolderView(`${await unpackFixture('gen-v4-full')}/ds`));
});
afterAll(removeTestFolders);

const v = (base: number, rest = 'm00000000') => `${String(base).padStart(10, '0')}${rest}`;
const small = () => new V4Builder().log(v(1), column(1)).log(v(2), rows(1, 10));

async function codes(view: MemoryView, options = {}): Promise<string[]> {
  const { findings } = await inspectV4(view, options);
  return [...new Set(findings.map((f) => `${f.code} ${f.severity}`))].sort();
}

/** Damages a copy of the complete fixture; the undamaged one has no finding (v4-fixtures spec). */
async function damaged(damage: (view: MemoryView) => void, options = {}): Promise<string[]> {
  const copy = whole.clone();
  damage(copy);
  return codes(copy, options);
}

const MAIN_LOG = /_deeplake_log\/2f1a2cf8/;
const mainLog = (view: MemoryView, name: string) => view.find(new RegExp(`${MAIN_LOG.source}.*/${name}`));
const removeAll = (view: MemoryView, pattern: RegExp) => {
  for (const path of [...view.files.keys()]) if (pattern.test(path)) view.files.delete(path);
};

test('the small data set of these tests is without finding itself', async () => {
  expect(await codes(withFiles(small()))).toEqual([]);
});

describe('T: logs', () => {
  test('T1 without the meta log, without its first file, or when that lacks a branch', async () => {
    expect(await damaged((d) => removeAll(d, /_meta\//))).toContain('T1 error');
    expect(await damaged((d) => d.files.delete(d.find(/_meta\/0000000001c/)))).toContain('T1 error');
    expect(await damaged((d) => d.editText(d.find(/_meta\/0000000001c/), (t) => t.replace(/.*createBranch.*\n/, '')))).toContain(
      'T1 error',
    );
  });

  test('T2 when the root branch has no log beside data', async () => {
    expect(await damaged((d) => removeAll(d, MAIN_LOG))).toContain('T2 error');
    expect(await codes(new V4Builder().view)).toEqual([]);
  });

  test('T3 when a log file is empty, cut, of a wrong name, or not valid', async () => {
    for (const edit of [
      (b: Uint8Array) => b.subarray(0, 0),
      (b: Uint8Array) => b.subarray(0, b.length >> 1),
      (b: Uint8Array) => b.subarray(0, -1),
    ]) {
      expect(await damaged((d) => d.edit(mainLog(d, '0000000012m'), edit))).toContain('T3 error');
      expect(await damaged((d) => d.edit(mainLog(d, '0000000009m'), edit))).toContain('T3 error');
    }
    expect(await damaged((d) => d.write(`_deeplake_log/${MAIN}/backup.jsonl`, 'x'))).toContain('T3 error');
    expect(await damaged((d) => d.editText(mainLog(d, '0000000009m'), (t) => t.replace('"i":', '"j":')))).toContain('T3 error');
  });

  test('T4 when a version exists twice', async () => {
    expect(
      await damaged((d) => d.write(mainLog(d, '0000000009m').concat('.lz4'), sizedLz4(d.files.get(mainLog(d, '0000000009m'))!))),
    ).toContain('T4 error');
  });

  test('T5 for a gap: an error, or a warning when the quiet source has it too', async () => {
    const lose = (d: MemoryView) => d.files.delete(mainLog(d, '0000000009m'));
    expect(await damaged(lose)).toEqual(['T5 error']);
    expect(await damaged(lose, { gapsAtSource: true })).toEqual(['T5 warning']);
  });

  test('T5 is silent for the number that a heavy compaction reserved and left unused', async () => {
    const builder = small().log(v(2, 'u05f5e0ff')).log(v(4));
    expect(await codes(withFiles(builder))).toEqual([]);
    expect(await codes(withFiles(builder.log(v(6))))).toEqual(['T5 error']);
  });

  test('T6 for a counter that hides commits, T10 for one that is ahead', async () => {
    expect(await codes(withFiles(small().counter(MAIN, 3)))).toEqual([]);
    expect(await codes(withFiles(small().counter(MAIN, 2)))).toEqual(['T6 error']);
    expect(await codes(withFiles(small().counter(MAIN, 9)))).toEqual(['T10 info']);
    expect(await codes(withFiles(small().counter('_meta', 1)))).toEqual(['T6 error']);
    expect(await damaged((d) => d.edit(mainLog(d, 'next_base$'), (b) => b.subarray(0, 7)))).toEqual(['T6 error']);
  });

  test('T7 when a tag, branch or merge names a version that is not there', async () => {
    const point = (version: string) => ({ branch: MAIN, version });
    const named = [
      { createTag: { id: 't', name: 't', branch_id: MAIN, version: v(9) } },
      { createBranch: { id: 'b', name: 'b', parent: MAIN, version: v(9) } },
      { mergeBranch: { source: point(v(9)), destination: point(v(2)) } },
      { mergeBranch: { source: point(v(2)), destination: point(v(9)) } },
    ];
    for (const operation of named) expect(await codes(withFiles(small().meta(v(2), operation)))).toEqual(['T7 error']);
  });

  test('T8 for a log that no branch has', async () => {
    expect(await codes(withFiles(small().logOf('f'.repeat(32), v(1))))).toEqual(['T8 warning']);
  });

  test('T9 for what a newer Deep Lake may bring', async () => {
    expect(await codes(withFiles(small().log(v(3), { addMoonBlock: {} })))).toEqual(['T9 warning']);
    expect(await codes(withFiles(small().log(v(3, 'q00000000'))))).toEqual(['T9 warning']);
    expect(await codes(withFiles(small().meta(v(2), { setMinReader: { minReader: 5 } })))).toEqual(['T9 warning']);
    const view = withFiles(small());
    view.editText(`_deeplake_log/${MAIN}/${v(2)}.jsonl`, (t) => t.replace('"t":"3"', '"t":"8"'));
    expect(await codes(view)).toEqual(['T9 warning']);
  });

  test('T11 for a compaction claim', async () => {
    expect(await codes(withFiles(small().log(v(2, 'o00000000'))))).toEqual(['T11 info']);
  });
});

describe('B: blocks', () => {
  test('B1 for a column that was never created', async () => {
    expect(await codes(withFiles(small().log(v(3), rows(5, 3, 77))))).toEqual(['B1 error']);
  });

  test('B2 for arrays of different length', async () => {
    const view = withFiles(small());
    view.editText(`_deeplake_log/${MAIN}/${v(2)}.jsonl`, (t) => t.replace('"h":[0]', '"h":[0,0]'));
    expect(await codes(view)).toEqual(['B2 error']);
  });

  test('B3 for columns of one block that disagree', async () => {
    expect(await codes(withFiles(small().log(v(3), column(2), rows(5, 3), rows(5, 4, 2))))).toEqual(['B3 error']);
    expect(await codes(withFiles(small().log(v(3), column(2), rows(5, 3), rows(5, 3, 2))))).toEqual([]);
  });

  test('B4 for rows that do not exist', async () => {
    expect(await codes(withFiles(small().log(v(3), deleted(rowId(1, 9)))))).toEqual([]);
    expect(await codes(withFiles(small().log(v(3), deleted(rowId(1, 10)))))).toEqual(['B4 error']);
    expect(await codes(withFiles(small().log(v(3), deleted([rowId(1, 8), 3]))))).toEqual(['B4 error']);
    expect(await codes(withFiles(small().log(v(3), deleted(rowId(99, 0)))))).toEqual(['B4 error']);
  });
});

describe('D: data files', () => {
  const TEXT = /^avk5kx\/r7\//;
  const EMBEDDING = /^a5sdug\/wf\//;
  const NUMBERS = /^nr5fo6\/0r\//;

  test('D1 and D2 are errors for live files', async () => {
    expect(await damaged((d) => d.files.delete(d.find(EMBEDDING)))).toEqual(['D1 error']);
    expect(await damaged((d) => d.edit(d.find(EMBEDDING), (b) => b.subarray(0, -1)))).toEqual(['D2 error']);
  });

  test('D1 is a warning for a file that only superseded versions name', async () => {
    const builder = small().log(v(3), rows(2, 5)).log(v(4, 'w00000002'));
    const view = withFiles(builder);
    view.files.delete('col1/2');
    expect(await codes(view)).toEqual(['D1 warning']);
  });

  test('D2 for a packed block that lies beyond its file', async () => {
    const view = withFiles(small());
    view.editText(`_deeplake_log/${MAIN}/${v(2)}.jsonl`, (t) => t.replace('"x":', '"fo":[4],"fl":[5],"x":'));
    expect(await codes(view)).toEqual(['D2 error']);
  });

  test('D3 for a head that is not what the log says', async () => {
    const flip = (at: number) => (b: Uint8Array) => {
      b[at]! ^= 0x10;
      return undefined;
    };
    expect(await damaged((d) => d.edit(d.find(EMBEDDING), flip(0)))).toEqual(['D3 error']); // version
    expect(await damaged((d) => d.edit(d.find(EMBEDDING), flip(15)))).toEqual(['D3 error']); // rows
    expect(await damaged((d) => d.edit(d.find(NUMBERS), flip(1)))).toEqual(['D3 error']); // version text
    expect(await damaged((d) => d.edit(d.find(NUMBERS), flip(14)))).toEqual(['D3 error']); // shape runs
  });

  test('D4 for values that do not fit the statistics, and for LZ4 that does not decode; only with deep', async () => {
    const flipLast = (b: Uint8Array) => {
      b[b.length - 1]! ^= 0x40;
      return undefined;
    };
    const change = (d: MemoryView) => d.edit(d.find(NUMBERS), flipLast);
    expect(await damaged(change)).toEqual([]);
    expect(await damaged(change, { deep: true })).toEqual(['D4 error']);
    const zero = (d: MemoryView) => d.edit(d.find(TEXT), (b) => void b.fill(0xff, b.length - 40));
    expect(await damaged(zero, { deep: true })).toEqual(['D4 error']);
  });

  test('D4 for pictures that do not begin as such', async () => {
    const image = chunkBytes({ version: '4.7.4', shapes: [1, 0], positions: [4, 0, 0], data: Uint8Array.of(0xff, 0xd8, 0xff, 0) });
    const builder = small();
    const view = withFiles(builder);
    view.editText(`_deeplake_log/${MAIN}/${v(2)}.jsonl`, (t) =>
      t.replace('"t":"3","d":{}', '"t":"1","d":{"c":"jpeg"}').replace('"b":[8]', `"b":[${image.length}]`).replaceAll('10', '1'),
    );
    view.write('col1/1', image);
    expect(await codes(view, { deep: true })).toEqual([]);
    view.edit('col1/1', (b) => b.fill(0, b.length - 4));
    expect(await codes(view, { deep: true })).toEqual(['D4 error']);
  });

  test('D9 counts files that no log names; locks, counters and the application’s file are none', async () => {
    const view = withFiles(small());
    view.write('dataset_metadata.json', '{}');
    view.write('col1/1.lock', '');
    expect(await codes(view)).toEqual([]);
    view.write('zz/aa/0123456789abcdefghijklm', 'orphan');
    const { files } = await inspectV4(view);
    expect([await codes(view), files.orphans, files.orphanBytes]).toEqual([['D9 info'], 1, 6]);
  });

  test('a file that cannot be read is damage, not a crash', async () => {
    const view = whole.clone();
    const read = view.read.bind(view);
    view.read = async (path, range) => (EMBEDDING.test(path) ? Promise.reject(new Error('input/output error')) : read(path, range));
    const { findings } = await inspectV4(view);
    expect(findings.map((f) => [f.code, f.message.includes('input/output error')])).toEqual([['D3', true]]);
  });
});

test('insert-log entries: whole ones pass, cut ones are reported', async () => {
  const entry = Uint8Array.from([
    ...Buffer.from('DWAL'),
    1,
    0,
    1,
    0,
    5,
    0,
    0,
    0,
    1,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    2,
    0,
    0,
    0,
    3,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    7,
    8,
    9,
  ]);
  const view = withFiles(small());
  view.write('_deeplake_wal/main/0000000000000001_00000005_1.wal', entry);
  expect(await codes(view)).toEqual([]);
  view.write('_deeplake_wal/main/0000000000000001_00000005_1.wal', entry.subarray(0, -1));
  expect(await codes(view)).toEqual(['T9 warning']);
});

test('thousands of findings are counted, the list stays short and keeps the errors', async () => {
  const builder = small();
  builder.log(v(3), ...Array.from({ length: 3000 }, (_, i) => rows(i + 10, 1)));
  const report = await inspectV4(builder.view);
  expect(report.findingCounts.error).toBe(3001);
  expect(report.findings).toHaveLength(1000);
});
