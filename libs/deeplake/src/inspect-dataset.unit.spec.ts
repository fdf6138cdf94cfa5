import { join } from 'node:path';
import fc from 'fast-check';
import { inspectDataset } from './inspect-dataset.ts';
import { removeTestFolders, unpackFixture } from './testing/fixtures.ts';
import { FolderView } from './testing/folder-view.ts';
import { MemoryView } from './testing/memory-view.ts';
import { column, rows, V4Builder, withFiles } from './testing/v4-builder.ts';

afterAll(removeTestFolders);

const load = async (archive: string, set = '') => MemoryView.of(new FolderView(join(await unpackFixture(archive), set)));

describe('an opaque set', () => {
  test('is counted and labelled, never judged', async () => {
    const report = await inspectDataset(await load('hub-v1-same-shapes'));
    expect(report).toMatchObject({ format: 'opaque', intact: true, files: { count: 3, bytes: 580661 }, rows: 0, headVersion: undefined });
    expect(report.findings.map((f) => f.message)).toEqual(['unknown layout: bytes verified, structure not checked']);
  });

  test('that is empty is opaque too', async () => {
    expect(await inspectDataset(new MemoryView())).toMatchObject({ format: 'opaque', files: { count: 0 } });
  });
});

test('a format that is known already is not detected again', async () => {
  const view = await load('hub-v1-same-shapes');
  expect((await inspectDataset(view, { format: 'v4' })).findings.map((f) => f.code)).toEqual(['T1', 'D9']);
});

describe('hostile bytes', () => {
  /** Any byte of any file may be anything: the answer is a report, in bounded time, never a crash. */
  async function survives(view: MemoryView): Promise<void> {
    const paths = [...view.files.keys()].sort();
    const damage = fc.record({ file: fc.nat(), at: fc.nat(), bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }), cut: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 6 }), async (damages) => {
        const copy = view.clone();
        for (const { file, at, bytes, cut } of damages) {
          const path = paths[file % paths.length]!;
          const content = copy.files.get(path)!;
          const position = content.length === 0 ? 0 : at % content.length;
          if (cut) copy.write(path, content.slice(0, position));
          else content.set(bytes.subarray(0, content.length - position), position);
        }
        const report = await inspectDataset(copy, { deep: true });
        expect(report.intact).toBe(report.findingCounts.error === 0);
      }),
      { numRuns: 60 },
    );
  }

  test('in a v4 set are survived', async () => survives(await load('gen-v4-full', 'ds')));
  test('in a v3 set are survived', async () => survives(await load('gen-v3-torn', '0-clean-before')));
});

test('a set of 30,000 data files takes seconds, one read a file at most, and no read of data', async () => {
  const builder = new V4Builder().log('0000000001m00000000', column(1));
  for (let commit = 2; commit <= 301; commit++) {
    const blocks = Array.from({ length: 100 }, (_, i) => rows(commit * 100 + i, 10));
    builder.log(`${String(commit).padStart(10, '0')}m00000000`, ...blocks);
  }
  const view = withFiles(builder);
  const started = performance.now();
  const report = await inspectDataset(view);
  expect([report.findings, report.rows, report.versions.length]).toEqual([[], 300_000, 301]);
  expect(view.reads.length).toBeLessThanOrEqual(view.files.size);
  expect(performance.now() - started).toBeLessThan(10_000);
});
