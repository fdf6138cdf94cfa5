import { pathToFileURL } from 'node:url';
import { BackendNotBuilt, BadLocation, reason } from './errors.ts';
import { DrError, openStore, parseStoreLocation } from './index.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

test.each([
  ['/srv/backup', { scheme: 'file', address: '/srv/backup' }],
  ['file:///srv/backup', { scheme: 'file', address: '/srv/backup' }],
  ['file:///srv/my%20backup', { scheme: 'file', address: '/srv/my backup' }],
  ['s3://bucket/prefix/x', { scheme: 's3', address: 'bucket/prefix/x' }],
])('%s is taken apart', (text, expected) => {
  expect(parseStoreLocation(text)).toEqual(expected);
});

test.each(['', 'relative/folder', './x', 'file://host/share', 'file:/x%zz', '://x', 'S3://x'])('%j is no location', (text) => {
  expect(() => parseStoreLocation(text)).toThrow(BadLocation);
});

test('opens a folder by path, by URI, or by parts', async () => {
  const folder = temporaryFolder();
  const stores = [
    await openStore(folder),
    await openStore(pathToFileURL(folder).href),
    await openStore({ scheme: 'file', address: folder }),
  ];
  expect(stores.map((store) => store.uri)).toEqual(Array(3).fill(`file://${folder}`));
});

test.each(['s3://bucket/x', 'gs://bucket/x', 'az://account/container'])('%s is known and not built yet', async (uri) => {
  await expect(openStore(uri)).rejects.toThrow(BackendNotBuilt);
});

test('an unknown scheme is a bad location', async () => {
  await expect(openStore('ftp://x/y')).rejects.toThrow(BadLocation);
});

describe('errors', () => {
  test('carry code, name, details and cause', () => {
    const error = new BackendNotBuilt('s3', 'Amazon S3');
    expect(error).toBeInstanceOf(DrError);
    expect(error).toMatchObject({ name: 'BackendNotBuilt', code: 'store.backend_not_built', details: { scheme: 's3' } });
  });

  test.each([
    [Object.assign(new Error('no room'), { code: 'ENOSPC' }), 'ENOSPC, no room'],
    [Object.assign(new Error('ENOSPC: no room'), { code: 'ENOSPC' }), 'ENOSPC: no room'],
    ['text', 'text'],
    [undefined, 'undefined'],
  ])('say in a few words what %p means', (cause, expected) => {
    expect(reason(cause)).toBe(expected);
  });
});
