/** One data set captured into a real repository: what is recorded of it, and what makes it less than intact. */
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { captureDecider, type DatasetRef, type RecordCaptured } from '@dr/domain';
import { removeTestFolders, unpackFixture } from '../../../../libs/deeplake/src/testing/fixtures.ts';
import { type Archive, archive, keyOf, nextBackupId, refsOf, tenantOf, writeDataset } from '../testing/archive.ts';
import { captureDataset } from './capture-dataset.ts';

let on: Archive;
beforeAll(async () => {
  on = await archive();
  const places = [
    ['v3-tiny', '', 'tiny'],
    ['gen-v4-full', 'ds', 'v4'],
    ['gen-v4-torn', '0-log-newer-than-data', 'torn'],
  ] as const;
  for (const [fixture, folder, id] of places) {
    const from = join(await unpackFixture(fixture), folder);
    cpSync(from, join(on.house.sourceRoot, 'acme', id), { recursive: true, preserveTimestamps: true });
  }
}, 60_000);
afterAll(async () => {
  await on.close();
  await removeTestFolders();
});

const ref = (datasetId: string, format: DatasetRef['format'] = 'opaque'): DatasetRef => refsOf([datasetId], format)[0]!;

interface Change {
  /** Done once, when the files are listed and about to be read. */
  before?: () => void;
  /** Done before every page of files, in every round and try. */
  always?: () => void;
  bases?: string[];
  earlierTrees?: () => Promise<string[]>;
  signal?: AbortSignal;
}

function capture(dataset: DatasetRef, { before = () => undefined, always = () => undefined, bases, earlierTrees, signal }: Change = {}) {
  const backupId = nextBackupId();
  const { sessions, house } = on;
  let done = false;
  const once = () => {
    if (!done) before();
    done = true;
  };
  return sessions.use(keyOf(backupId), ({ session, tenant }): Promise<RecordCaptured> => {
    const disturbed = Object.create(session, {
      capture: {
        value: (request: Parameters<typeof session.capture>[0]) =>
          session.capture({ ...request, files: disturb(request.files, () => [once(), always()]) }),
      },
      flush: { value: () => session.flush() },
    }) as typeof session;
    const sleep = async () => undefined;
    return captureDataset({
      session: disturbed,
      tenant,
      backupId,
      dataset,
      sourceRoot: house.sourceRoot,
      now: house.now,
      signal,
      bases,
      earlierTrees,
      sleep,
    });
  });
}

async function* disturb<T>(
  groups: AsyncIterable<readonly T[]> | Iterable<readonly T[]>,
  disturbance: () => void,
): AsyncGenerator<readonly T[]> {
  for await (const group of groups) {
    if (group.length > 0) disturbance();
    yield group;
  }
}

/** Whether the data set counts as intact is decided from what was recorded. */
function isIntact(captured: RecordCaptured): boolean {
  const [event] = captureDecider.decide(captureDecider.initial, captured);
  return event?.type === 'DatasetCaptured' && event.data.intact;
}
const errorsOf = ({ findings }: RecordCaptured) => findings.filter((f) => f.severity === 'error').map(({ code, path }) => [code, path]);
const inSource = (path: string) => join(on.house.sourceRoot, 'acme', path);

test('rows, branches and tags of a v4 set are recorded, and it is intact', async () => {
  type Expected = { versions: { branch: string; version: string; rows: number }[] };
  const { versions } = JSON.parse(readFileSync(join(await unpackFixture('gen-v4-full'), 'expected.json'), 'utf8')) as Expected;
  const head = versions.filter(({ branch }) => branch === 'main').at(-1)!;
  const captured = await capture(ref('v4', 'v4'));
  expect(captured).toMatchObject({ format: 'v4', datasetId: 'v4', n: 1, findings: [], findingCounts: { error: 0 }, rows: head.rows });
  expect(captured.branches.find(({ name }) => name === 'main')).toMatchObject({ rows: head.rows, headVersion: captured.headVersion });
  expect(captured.branches.map(({ name }) => name).sort()).toEqual(['experiment', 'fix', 'main']);
  expect(captured.tags).toHaveLength(2);
  expect(isIntact(captured)).toBe(true);
});

test('a v3 set is intact, and its tree holds its files', async () => {
  const captured = await capture(ref('tiny', 'v3'));
  expect(captured).toMatchObject({ format: 'v3', findingCounts: { error: 0, warning: 0 } });
  expect(isIntact(captured)).toBe(true);
  const tenant = await tenantOf(on);
  const stored = await tenant.readFile(captured.root, 'dataset_meta.json');
  expect(Buffer.from(stored).equals(readFileSync(inSource('tiny/dataset_meta.json')))).toBe(true);
});

test('captured again, nothing new is stored', async () => {
  const [first, second] = [await capture(ref('v4', 'v4')), await capture(ref('v4', 'v4'))];
  expect(second.root).toBe(first.root);
  expect(second).toMatchObject({ newBytes: 0, storedBytes: 0, bytes: first.bytes });
});

test('a set that is damaged at the source is captured, with its findings, which say so, and is not intact', async () => {
  const captured = await capture(ref('torn', 'v4'));
  expect(new Set(errorsOf(captured).map(([code]) => code))).toEqual(new Set(['D1']));
  expect(captured.findingCounts?.error).toBe(errorsOf(captured).length);
  expect(captured.findings[0]!.message).toMatch(/the source itself is damaged: it was found twice, and nothing was written in between$/);
  expect(isIntact(captured)).toBe(false);
});

describe('a v4 set that is written all the time', () => {
  let commits = 100;
  const commit = (id: string) => {
    const meta = inSource(`${id}/_deeplake_log/_meta`);
    writeFileSync(join(meta, `${String(++commits).padStart(10, '0')}m00000000.jsonl`), '{"commit":{}}\n');
  };

  test('and lacks a file in each try is damaged: what it writes once does not tear', async () => {
    cpSync(inSource('torn'), inSource('torn-busy'), { recursive: true, preserveTimestamps: true });
    const captured = await capture(ref('torn-busy', 'v4'), { always: () => commit('torn-busy') });
    expect(captured.findings.find(({ code }) => code === 'D1')!.message).toMatch(
      /damaged: it was found in each of 4 tries, and v4 writes its files once$/,
    );
    expect(isIntact(captured)).toBe(false);
  });

  test('and whose clean-up takes files away that the captured logs name is captured again, as it is after the clean-up', async () => {
    const series = await unpackFixture('gen-v4-series');
    cpSync(join(series, '4-inverted-index'), inSource('cleaned'), { recursive: true, preserveTimestamps: true });
    let left = 1;
    const before = () => {
      if (left-- > 0) rmSync(inSource('cleaned'), { recursive: true });
      cpSync(join(series, '5-branch-tag-compact'), inSource('cleaned'), { recursive: true });
    };
    const captured = await capture(ref('cleaned', 'v4'), { before });
    expect([errorsOf(captured), captured.branches.length]).toEqual([[], 2]);
  });
});

test('a file that vanishes between listing and reading is not part of the data set any more', async () => {
  writeDataset(on, 'moving', { 'stays.bin': 'a'.repeat(3000), 'goes.bin': 'b'.repeat(3000) });
  const captured = await capture(ref('moving'), { before: () => rmSync(inSource('moving/goes.bin')) });
  expect(errorsOf(captured)).toEqual([]);
  expect(isIntact(captured)).toBe(true);
  expect(captured.objects).toBe(2);
});

test('a file that was written after it was listed is read again', async () => {
  writeDataset(on, 'shrinking', { 'data.bin': 'a'.repeat(50_000) });
  const captured = await capture(ref('shrinking'), { before: () => truncateSync(inSource('shrinking/data.bin'), 10) });
  expect([errorsOf(captured), captured.bytes]).toEqual([[], 12]);
  expect(Buffer.from(await (await tenantOf(on)).readFile(captured.root, 'data.bin')).toString()).toBe('a'.repeat(10));
});

test('an unknown layout that is written in every round is partial and says how to come to a whole one; what appeared meanwhile is left out', async () => {
  writeDataset(on, 'restless', { 'a.bin': 'a', 'b.bin': 'b' });
  let n = 0;
  const captured = await capture(ref('restless'), {
    always: () => {
      writeFileSync(inSource('restless/a.bin'), 'a'.repeat(++n));
      writeFileSync(inSource(`restless/new-${n}.bin`), 'n');
    },
  });
  expect(errorsOf(captured)).toContainEqual(['W4', '']);
  expect(captured.findings.find(({ code }) => code === 'W4')!.message).toMatch(/after 10 rounds .*a\.bin.*Pause the writers/);
  expect(captured.findings).toContainEqual(expect.objectContaining({ code: 'W5', severity: 'info' }));
  expect(captured.objects).toBe(3);
  expect(isIntact(captured)).toBe(false);
});

test('a data set that is removed while it is captured is gone, not torn', async () => {
  writeDataset(on, 'removed', { 'a.bin': 'a' });
  const before = () => rmSync(inSource('removed'), { recursive: true });
  await expect(capture(ref('removed'), { before })).rejects.toMatchObject({ code: 'source.missing' });
});

test('a data set that is made anew in another format while it is captured is captured as the new one', async () => {
  cpSync(inSource('tiny'), inSource('anew'), { recursive: true, preserveTimestamps: true });
  const before = () => {
    rmSync(inSource('anew'), { recursive: true });
    cpSync(inSource('v4'), inSource('anew'), { recursive: true });
  };
  const captured = await capture(ref('anew', 'v3'), { before });
  expect([captured.format, errorsOf(captured)]).toEqual(['v4', []]);
});

test('a folder that a link replaces while it is captured is not followed', async () => {
  writeDataset(on, '../globex/other', { 'secret.bin': 'of another tenant' });
  writeDataset(on, 'swap', { 'a.bin': 'a' });
  const before = () => {
    renameSync(inSource('swap'), inSource('was-swap'));
    symlinkSync(join(on.house.sourceRoot, 'globex/other'), inSource('swap'));
  };
  await expect(capture(ref('swap'), { before })).rejects.toMatchObject({ code: 'source.outside' });
  rmSync(inSource('swap'));
});

test('what cannot come back as it is makes the capture partial and is named', async () => {
  writeDataset(on, 'odd', { 'a.bin': 'a' });
  execFileSync('mkfifo', [inSource('odd/pipe')]);
  symlinkSync(Buffer.of(0x78, 0xff), inSource('odd/link'));
  writeFileSync(Buffer.concat([Buffer.from(inSource('odd/bad')), Buffer.of(0xfe)]), 'x');
  const captured = await capture(ref('odd'));
  expect(errorsOf(captured)).toEqual([
    ['W1', 'bad\\xfe'],
    ['W1', 'link'],
    ['W1', 'pipe'],
  ]);
  expect(isIntact(captured)).toBe(false);
  expect(captured.objects).toBe(2);
});

describe('a commit number that the source lacks', () => {
  const main = '_deeplake_log/2f1a2cf8011bad510410611b0be32ef3';
  const second = `${main}/0000000002m00000000.jsonl.lz4`;

  test('is a warning when no earlier backup has it, and data that the source lost when one does', async () => {
    const whole = await capture(ref('v4', 'v4'));
    cpSync(inSource('v4'), inSource('gap'), { recursive: true, preserveTimestamps: true });
    rmSync(inSource(`gap/${second}`));
    const t5 = ({ findings }: RecordCaptured) =>
      findings.filter(({ code }) => code === 'T5').map(({ severity, message }) => [severity, message]);
    const alone = await capture(ref('gap', 'v4'));
    expect(t5(alone)).toEqual([['warning', expect.stringContaining('commit 2 is missing')]]);
    const compared = await capture(ref('gap', 'v4'), { bases: [whole.root] });
    expect(t5(compared)[0]).toEqual(['error', 'the source lost commit 2: an earlier backup has it. Restore the log file from there.']);
    expect(isIntact(compared)).toBe(false);
    const full = await capture(ref('gap', 'v4'), { earlierTrees: async () => ['0'.repeat(64), whole.root] });
    expect(t5(full)[0]).toEqual(t5(compared)[0]);
  });
});

test('a data set that is gone cannot be captured', async () => {
  await expect(capture(ref('nowhere'))).rejects.toMatchObject({ code: 'source.missing' });
});

test.each(['swapped', 'swapped/deep'])('a link at acme/%s is not followed, although it was a folder when it was selected', async (link) => {
  writeDataset(on, '../globex/secret/deep/set', { 'secret.bin': 'of another tenant' });
  writeDataset(on, 'swapped/deep/set', {});
  renameSync(inSource(link), inSource(`was-${link.replace('/', '-')}`));
  symlinkSync(join(on.house.sourceRoot, 'globex/secret', link.slice('swapped/'.length)), inSource(link));
  await expect(capture(ref('swapped/deep/set'))).rejects.toMatchObject({ code: 'source.outside' });
  rmSync(inSource('swapped'), { recursive: true });
});

test('an aborted capture stops with the reason', async () => {
  const reason = new Error('the lease is lost');
  await expect(capture(ref('v4', 'v4'), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test('a link that replaces the folder before the first file is read leads no thread to the files of another data set', async () => {
  writeDataset(on, '../globex/third', { 'a.bin': 'of another tenant'.repeat(100) });
  writeDataset(on, 'early', { 'a.bin': 'a'.repeat(1000) });
  const before = () => {
    renameSync(inSource('early'), inSource('was-early'));
    symlinkSync(join(on.house.sourceRoot, 'globex/third'), inSource('early'));
  };
  await expect(capture(ref('early'), { before })).rejects.toMatchObject({ code: 'source.outside' });
  rmSync(inSource('early'));
  renameSync(inSource('was-early'), inSource('early'));
  const captured = await capture(ref('early'));
  expect(Buffer.from(await (await tenantOf(on)).readFile(captured.root, 'a.bin')).toString()).toBe('a'.repeat(1000));
});
