import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selectDatasets } from './select-datasets.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'dr-select-'));
  for (const path of ['acme/b', 'acme/a', 'globex/c', 'empty']) mkdirSync(join(root, path), { recursive: true });
  for (const path of ['acme/b', 'acme/a', 'globex/c']) writeFileSync(join(root, path, 'meta.json'), '{}');
});
afterAll(() => rmSync(root, { recursive: true }));

const selected = async (request: Parameters<typeof selectDatasets>[1]) =>
  (await selectDatasets(root, request)).selections.map(({ tenant, datasets }) => [tenant, datasets.map((d) => d.datasetId)]);

test('a tenant without names means all its data sets, by id', async () => {
  expect(await selected({ tenant: 'acme' })).toEqual([['acme', ['a', 'b']]]);
});

test('no tenant means one selection for each that has data sets', async () => {
  expect(await selected({})).toEqual([
    ['acme', ['a', 'b']],
    ['globex', ['c']],
  ]);
});

test('names narrow it, and one said twice counts once', async () => {
  expect(await selected({ tenant: 'acme', datasetIds: ['b', 'b'] })).toEqual([['acme', ['b']]]);
});

test('one unknown name among known ones refuses all, and says where it stands', async () => {
  await expect(selected({ tenant: 'acme', datasetIds: ['a', 'no'] })).rejects.toMatchObject({
    status: 404,
    code: 'backup.unknown_dataset',
    errors: [{ pointer: '/dataset_ids/1' }],
  });
});

test.each(['empty', 'nobody'])('tenant %s selects nothing, which is refused', async (tenant) => {
  await expect(selected({ tenant })).rejects.toMatchObject({ status: 422, code: 'backup.nothing_selected' });
});

test('another tenant of the same name of data set is not reached', async () => {
  await expect(selected({ tenant: 'globex', datasetIds: ['a'] })).rejects.toMatchObject({ status: 404 });
});

describe('what lies there and is in no data set', () => {
  let place: string;
  beforeAll(() => {
    place = mkdtempSync(join(tmpdir(), 'dr-select-'));
    mkdirSync(join(place, 'acme/a'), { recursive: true });
    writeFileSync(join(place, 'acme/a/meta.json'), '{}');
    writeFileSync(join(place, 'acme/loose.txt'), '');
    symlinkSync('a', join(place, 'acme/link'));
    symlinkSync('acme', join(place, 'globex'));
  });
  afterAll(() => rmSync(place, { recursive: true }));

  test('comes with the selection', async () => {
    const [selection] = (await selectDatasets(place, { tenant: 'acme' })).selections;
    expect(selection!.unprotected.map(({ path, reason }) => [path, reason])).toEqual([
      ['acme/link', 'symlink'],
      ['acme/loose.txt', 'loose-file'],
    ]);
    const {
      selections: [all],
      elsewhere,
    } = await selectDatasets(place, {});
    expect(elsewhere.map(({ path, reason }) => [path, reason])).toEqual([['globex', 'symlink']]);
    expect(all!.unprotected.map(({ path }) => path)).toEqual(['acme/link', 'acme/loose.txt']);
  });

  test('explains why a name is unknown', async () => {
    const errors = [{ pointer: '/dataset_ids/0', message: 'no data set link: what lies there is not protected (symlink)' }];
    await expect(selectDatasets(place, { tenant: 'acme', datasetIds: ['link'] })).rejects.toMatchObject({ status: 404, errors });
  });

  test('explains why nothing was found', async () => {
    await expect(selectDatasets(place, { tenant: 'globex' })).rejects.toThrow('What lies there is not protected: globex (symlink).');
  });
});
