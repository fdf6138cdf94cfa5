/** One data set captured into a real repository: what is recorded of it, and what makes it less than intact. */
import { cpSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync } from 'node:fs';
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
  /** Done when the files are listed and about to be read. */
  before?: () => void;
  signal?: AbortSignal;
}

function capture(dataset: DatasetRef, { before, signal }: Change = {}): Promise<RecordCaptured> {
  const backupId = nextBackupId();
  const { sessions, house } = on;
  return sessions.use(keyOf(backupId), ({ session, tenant }) => {
    const disturbed = Object.create(session, {
      capture: {
        value: (request: Parameters<typeof session.capture>[0]) =>
          session.capture({ ...request, files: afterListing(request.files, before) }),
      },
      flush: { value: () => session.flush() },
    }) as typeof session;
    return captureDataset({ session: disturbed, tenant, backupId, dataset, sourceRoot: house.sourceRoot, now: house.now, signal });
  });
}

async function* afterListing<T>(groups: AsyncIterable<T> | Iterable<T>, then: () => void = () => undefined): AsyncGenerator<T> {
  const all: T[] = [];
  for await (const group of groups) all.push(group);
  then();
  yield* all;
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

test('a torn set is captured, with its findings, and is not intact', async () => {
  const captured = await capture(ref('torn', 'v4'));
  expect(new Set(errorsOf(captured).map(([code]) => code))).toEqual(new Set(['D1']));
  expect(captured.findingCounts?.error).toBe(errorsOf(captured).length);
  expect(isIntact(captured)).toBe(false);
});

test('a file that vanishes between listing and reading is error W1 and names the file', async () => {
  writeDataset(on, 'moving', { 'stays.bin': 'a'.repeat(3000), 'goes.bin': 'b'.repeat(3000) });
  const captured = await capture(ref('moving'), { before: () => rmSync(inSource('moving/goes.bin')) });
  expect(errorsOf(captured)).toEqual([['W1', 'goes.bin']]);
  expect(isIntact(captured)).toBe(false);
  expect(captured.objects).toBe(2);
});

test('a file that became shorter is not taken for whole', async () => {
  writeDataset(on, 'shrinking', { 'data.bin': 'a'.repeat(50_000) });
  const captured = await capture(ref('shrinking'), { before: () => truncateSync(inSource('shrinking/data.bin'), 10) });
  expect(errorsOf(captured)).toEqual([['W1', 'data.bin']]);
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
