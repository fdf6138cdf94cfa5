import { join } from 'node:path';
import { removeTestFolders, unpackFixture } from '../testing/fixtures.ts';
import { FolderView } from '../testing/folder-view.ts';
import { MemoryView } from '../testing/memory-view.ts';
import { inspectV3 } from './inspect-v3.ts';

let full: MemoryView;
let series: MemoryView;
let lol: MemoryView;
beforeAll(async () => {
  full = await MemoryView.of(new FolderView(await unpackFixture('gen-v3-full')));
  series = await MemoryView.of(new FolderView(join(await unpackFixture('gen-v3-series'), '5-branch-exp-plus-40')));
  lol = await MemoryView.of(new FolderView(await unpackFixture('lol')));
});
afterAll(removeTestFolders);

async function codes(view: MemoryView, options = {}): Promise<string[]> {
  const { findings } = await inspectV3(view, options);
  return [...new Set(findings.map((f) => `${f.code} ${f.severity}`))].sort();
}

/** Damages a copy of a set that has no finding (v3-fixtures spec). */
async function damaged(set: MemoryView, damage: (view: MemoryView) => void, options = {}): Promise<string[]> {
  const copy = set.clone();
  damage(copy);
  return codes(copy, options);
}

const TREE = 'version_control_info.json';
const MAIN_HEAD = '86728e3c1bccfae936a0c6282733f19dbc418fe4';
const editJson = (view: MemoryView, path: string, change: (value: Record<string, unknown>) => void) =>
  view.editText(path, (text) => {
    const value = JSON.parse(text) as Record<string, unknown>;
    change(value);
    return JSON.stringify(value);
  });
type Tree = {
  commits: Record<string, { children: string[]; parent: string | null; branch: string; commit_message: string | null }>;
  branches: Record<string, string>;
};
const editTree = (view: MemoryView, change: (tree: Tree) => void) => editJson(view, TREE, (t) => change(t as unknown as Tree));

describe('T: the commit tree', () => {
  test('T1 is a warning when the tree can be rebuilt, and the rows are the same', async () => {
    expect(await damaged(series, (d) => d.files.delete(TREE))).toEqual(['T1 warning']);
    expect(await damaged(series, (d) => d.edit(TREE, (b) => b.subarray(0, 100)))).toEqual(['T1 warning']);
    const copy = series.clone();
    copy.files.delete(TREE);
    expect((await inspectV3(copy)).branches.map((b) => b.rows).sort()).toEqual([449, 489]);
  });

  test('T1 is an error when there is nothing to rebuild it from', async () => {
    const lose = (d: MemoryView) =>
      [...d.files.keys()].filter((p) => p.endsWith('commit_info.json') || p === TREE).map((p) => d.files.delete(p));
    expect(await damaged(series, lose)).toContain('T1 error');
  });

  test('T1 is silent for a set from before version control', async () => {
    expect([lol.files.has(TREE), await codes(lol)]).toEqual([false, []]);
  });

  test('T2 without the first commit, or with a second root', async () => {
    expect(await damaged(series, (d) => editTree(d, (t) => (t.commits[MAIN_HEAD]!.parent = null)))).toContain('T2 error');
    expect(await damaged(series, (d) => editTree(d, (t) => delete t.commits['firstdbf9474d461a19e9333c2fd19b46115348f']))).toContain(
      'T2 error',
    );
  });

  test('T3 when parents and children do not fit, or a node cannot be reached', async () => {
    const parent = series.text(TREE).match(new RegExp(`"${MAIN_HEAD}": \\{"branch": "main", "parent": "(\\w+)"`))![1]!;
    expect(await damaged(series, (d) => editTree(d, (t) => (t.commits[parent]!.children = [])))).toContain('T3 error');
    expect(await damaged(series, (d) => editTree(d, (t) => t.commits[parent]!.children.push('nobody')))).toContain('T3 error');
    expect(await damaged(series, (d) => editTree(d, (t) => (t.commits[MAIN_HEAD]!.parent = 'nobody')))).toContain('T3 error');
  });

  test('T6 for a commit without dataset_meta.json; a head that a reset replaced is no damage and no version', async () => {
    expect(await damaged(series, (d) => d.files.delete(`versions/${MAIN_HEAD}/dataset_meta.json`))).toContain('T6 error');
    const parent = series.text(TREE).match(new RegExp(`"${MAIN_HEAD}": \\{"branch": "main", "parent": "(\\w+)"`))![1]!;
    const reset = series.clone();
    editTree(reset, (t) => {
      t.commits['0ld'] = { ...t.commits[MAIN_HEAD]! };
      t.commits[parent]!.children.push('0ld');
    });
    expect(await codes(reset)).toEqual(['T5 warning', 'T6 info']);
    expect((await inspectV3(reset)).versions.map((v) => v.version)).not.toContain('0ld');
  });

  test('T4 for a head that does not exist and a branch that is not listed', async () => {
    expect(await damaged(series, (d) => editTree(d, (t) => (t.branches['main'] = 'nobody')))).toEqual(['T4 error']);
    expect(await damaged(series, (d) => editTree(d, (t) => delete t.branches['exp']))).toEqual(['T4 error']);
  });

  test('T5 warns about a commit_info.json that says otherwise', async () => {
    expect(await damaged(series, (d) => editJson(d, 'commit_info.json', (c) => Object.assign(c, { branch: 'other' })))).toEqual([
      'T5 warning',
    ]);
    expect(await damaged(series, (d) => d.write('commit_info.json', '{'))).toEqual(['T5 warning']);
  });

  test('T6 for a commit without dataset_meta.json', async () => {
    expect(await damaged(series, (d) => d.files.delete(`versions/${MAIN_HEAD}/dataset_meta.json`))).toEqual(['T6 error']);
  });
});

describe('M: metadata', () => {
  test('M1 for a tensor without meta, a meta that does not parse, a hidden tensor that is not listed', async () => {
    expect(await damaged(series, (d) => d.files.delete('text/tensor_meta.json'))).toContain('M1 error');
    expect(await damaged(series, (d) => d.write('text/tensor_meta.json', ''))).toContain('M1 error');
    expect(await damaged(series, (d) => d.write('dataset_meta.json', ''))).toContain('M1 error');
    expect(await damaged(series, (d) => editJson(d, 'dataset_meta.json', (m) => (m['hidden_tensors'] as string[]).push('_lost')))).toEqual([
      'M1 error',
    ]);
  });

  test('M2 for a chunk index of half rows or falling samples', async () => {
    expect(await damaged(series, (d) => d.edit('text/chunks_index/unsharded', (b) => b.subarray(0, -1)))).toContain('M2 error');
    expect(await damaged(series, (d) => d.edit('text/chunks_index/unsharded', (b) => void b.fill(9, 7, 8)))).toContain('M2 error');
  });

  test('M3 for a length that the index does not have; a missing index is no samples', async () => {
    expect(await damaged(series, (d) => editJson(d, 'text/tensor_meta.json', (m) => Object.assign(m, { length: 301 })))).toEqual([
      'M3 error',
    ]);
    expect(await damaged(series, (d) => d.files.delete('text/chunks_index/unsharded'))).toContain('M3 error');
  });

  test('M4 for a linked tensor of another length, or none', async () => {
    expect(
      await damaged(series, (d) =>
        editJson(d, 'embedding/tensor_meta.json', (m) => Object.assign(m, { links: { _lost: { flatten_sequence: true } } })),
      ),
    ).toEqual(['M4 error']);
    const shorter = await damaged(full, (d) =>
      editJson(
        d,
        'seq/tensor_meta.json',
        (m) => ((m['links'] as Record<string, Record<string, unknown>>)['_seq_id']!['flatten_sequence'] = true),
      ),
    );
    expect(shorter).toEqual(['M4 error']);
  });

  test('M5 for sequences and credentials that do not cover the samples', async () => {
    expect(await damaged(full, (d) => d.edit('seq/sequence_index/unsharded', (b) => b.subarray(0, -12)))).toContain('M5 error');
    expect(await damaged(full, (d) => d.edit('seq/sequence_index/unsharded', (b) => b.subarray(0, -1)))).toContain('M5 error');
    expect(await damaged(full, (d) => d.write('links/creds_index/unsharded', Uint8Array.from([1, 0x33, 0, 0, 0, 0, 9, 0, 0, 0])))).toEqual([
      'M5 error',
    ]);
  });

  test('M6 for shapes of different rank', async () => {
    expect(
      await damaged(series, (d) => editJson(d, 'embedding/tensor_meta.json', (m) => Object.assign(m, { min_shape: [256, 1] }))),
    ).toEqual(['M6 error']);
  });
});

describe('C: chunks', () => {
  const EMBEDDING = /^embedding\/chunks\//;
  const TEXT = /^text\/chunks\//;

  test('C1 for a chunk that is not there, once for all commits that share it', async () => {
    const copy = series.clone();
    copy.files.delete(copy.find(EMBEDDING));
    const { findings } = await inspectV3(copy);
    expect(findings.map((f) => f.code)).toEqual(['C1']);
  });

  test('C2 for a header that does not fit in its file', async () => {
    expect(await damaged(series, (d) => d.edit(d.find(EMBEDDING), (b) => b.subarray(0, 20)))).toEqual(['C2 error']);
    expect(await damaged(series, (d) => d.edit(d.find(EMBEDDING), (b) => b.subarray(0, 0)))).toEqual(['C2 error']);
  });

  test('C3 for more or fewer samples than the index says', async () => {
    expect(await damaged(series, (d) => editIndex(d, 'embedding'))).toContain('C3 error');
  });

  test('C4 for data that is cut or longer than its positions', async () => {
    expect(await damaged(series, (d) => d.edit(d.find(TEXT), (b) => b.subarray(0, -1)))).toEqual(['C4 error']);
    expect(await damaged(series, (d) => d.edit(d.find(TEXT), (b) => Uint8Array.of(...b, 0)))).toEqual(['C4 error']);
    expect(await damaged(full, (d) => d.edit(d.find(/^text\/chunks\//), (b) => b.subarray(0, 200)))).toContain('C2 error');
  });

  test('C5 for fixed shapes that the data does not hold', async () => {
    const wrong = { min_shape: [255], max_shape: [255] };
    expect(await damaged(series, (d) => editJson(d, 'embedding/tensor_meta.json', (m) => Object.assign(m, wrong)))).toContain('C5 error');
  });

  test('C6 finds LZ4 that does not decode and pictures that are none, only with deep', async () => {
    const text = (d: MemoryView) => d.edit(d.find(TEXT_LZ4), (b) => void b.fill(0xff, b.length - 20));
    expect([await damaged(full, text), await damaged(full, text, { deep: true })]).toEqual([[], ['C6 error']]);
    const picture = (d: MemoryView) => d.edit(d.find(/^images\/chunks\//), (b) => void b.fill(0, b.length - 20_000, b.length));
    const jpeg = (d: MemoryView) =>
      d.edit(
        d.find(/^images\/chunks\//),
        (b) =>
          void b.fill(
            0,
            b.findIndex((x, i) => x === 0xff && b[i + 1] === 0xd8),
            b.length,
          ),
      );
    expect([(await damaged(full, picture)).length, await damaged(lol, jpeg, { deep: true })]).toEqual([0, ['C6 error']]);
  });

  const TEXT_LZ4 = /^text\/chunks\//;
  /** Moves one sample from the first chunk of a tensor to the next in its index. */
  function editIndex(view: MemoryView, tensor: string): void {
    view.edit(`${tensor}/chunks_index/unsharded`, (b) => {
      const at = 1 + b[0]! + 1 + 8;
      b[at]! -= 1;
      return undefined;
    });
  }
});

describe('W3: orphans', () => {
  test('chunks and version folders that nothing refers to are counted, never fatal', async () => {
    const copy = series.clone();
    copy.write('text/chunks/abcdef', 'xx');
    copy.write('versions/gone/text/tensor_meta.json', '{}');
    copy.write('versions/gone/text/chunks/1', 'yyy');
    const report = await inspectV3(copy);
    expect(report.findings.map((f) => `${f.code} ${f.severity}`)).toEqual(['W3 warning']);
    expect([report.intact, report.files.orphans, report.files.orphanBytes]).toEqual([true, 3, 7]);
  });
});

test('unknown files, strays, locks and duplicate tensor names are no findings', async () => {
  const strange = (d: MemoryView) => {
    for (const path of ['.DS_Store', 'wandb.json', 'dataset_lock.lock', 'text/vdb_indexes/x_part_1', 'dataset_metadata.json'])
      d.write(path, 'x');
    editJson(d, 'dataset_meta.json', (m) => (m['tensors'] as string[]).push('text'));
  };
  expect(await damaged(series, strange)).toEqual([]);
});

test('damage in a saved view is a warning and names it', async () => {
  const copy = full.clone();
  copy.files.delete(copy.find(/^\.queries\/view1\/VDS_INDEX\/chunks\//));
  const report = await inspectV3(copy);
  expect(report.findings.map((f) => [f.code, f.severity, f.path.startsWith('.queries/view1/')])).toEqual([['C1', 'warning', true]]);
});

test('any single file of a set may vanish or be emptied without a crash, and none that is read goes unnoticed', async () => {
  const base = series;
  const needed = /tensor_meta|dataset_meta|chunks\/|chunks_index|version_control_info/;
  for (const path of [...base.files.keys()].filter((_p, i) => i % 3 === 0)) {
    const lost = await damaged(base, (d) => d.files.delete(path));
    const empty = await damaged(base, (d) => d.write(path, ''));
    if (needed.test(path)) expect([path, lost.length > 0, empty.length > 0]).toEqual([path, true, true]);
  }
});
